"""What happened: event types and the event log."""
