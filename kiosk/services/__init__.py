"""Service packs as data: schema, loader, forms, rules. A district publishes a service without a programmer."""
