"""What is known of the gateway: endpoints, contracts, tags, answers, its clock."""
