"""Durable jobs, their leases and schedules, and the Dask client that heavy work runs on."""
