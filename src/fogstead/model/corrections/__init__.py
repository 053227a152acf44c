"""Our few additions to botocore's models, one file per service, each with its reason and its source."""
