"""The embedded edge server: sendfile worker processes behind signed paths."""
