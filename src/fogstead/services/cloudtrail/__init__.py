"""CloudTrail: what was asked of the cloud, looked up, delivered to buckets and queried with SQL."""
