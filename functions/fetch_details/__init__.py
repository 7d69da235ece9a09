"""fetch_details: fetch a batch of movies and append a row for each."""
