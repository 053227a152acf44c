"""AWS Systems Manager, of which this cloud has Parameter Store: parameters in hierarchies, with versions and labels."""
