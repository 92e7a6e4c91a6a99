"""Where codec and transport meet: answers classified, results, tickets."""
