"""What several tests share; no test imports a test."""
