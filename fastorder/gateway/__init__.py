"""What the gateway has: paths, contracts, tags, answers, its clock."""
