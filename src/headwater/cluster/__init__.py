"""Links to other servers: leaf nodes, and later routes and gateways. Sans-IO sessions."""
