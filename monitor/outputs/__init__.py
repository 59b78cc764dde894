"""What is made from a finished session: the report and the exports."""
