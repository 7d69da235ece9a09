"""fetch_details: a batch of movie ids in, detail rows and a ledger entry out."""
