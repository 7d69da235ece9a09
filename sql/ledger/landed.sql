-- landed: the movies of a batch whose detail rows are visible.
SELECT DISTINCT movie_id FROM tmdb_analytics.movie_details_raw
WHERE run_id = @run_id AND run_date = @run_date AND batch_no = @batch_no
