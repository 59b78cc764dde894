"""What the dashboard shows, decided without Qt."""
