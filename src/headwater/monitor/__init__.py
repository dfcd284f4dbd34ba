"""What operators see: the monitoring endpoints."""
