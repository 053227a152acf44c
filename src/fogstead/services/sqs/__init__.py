"""Amazon Simple Queue Service: messages wait here until a consumer deletes them."""
