"""One folder per AWS service, named as botocore names it. No service imports another."""
