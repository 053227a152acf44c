"""AWS Price List: what the cloud's price book holds, as products with their terms."""
