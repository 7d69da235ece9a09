-- movies: what each movie is, as TMDB described it last.
-- Takes the newest landing row of each movie; an older run never overwrites a newer one. What the
-- week before has left counts too: see windows/first_details_day.sql.
-- Grain: one row per movie_id.
MERGE tmdb_analytics.movies AS stored
USING (
  SELECT
    * EXCEPT (fetched_at),
    fetched_at AS last_updated
  FROM tmdb_analytics.movie_details_raw
  WHERE run_date BETWEEN @first_details_day AND @to_date
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY movie_id ORDER BY fetched_at DESC, run_date DESC, run_id ASC, batch_no ASC
  ) = 1
) AS fresh
  ON stored.movie_id = fresh.movie_id
WHEN MATCHED AND fresh.last_updated > stored.last_updated THEN
  UPDATE
    SET
      title = fresh.title,
      original_title = fresh.original_title,
      original_language = fresh.original_language,
      overview = fresh.overview,
      release_date = fresh.release_date,
      runtime = fresh.runtime,
      budget = fresh.budget,
      revenue = fresh.revenue,
      status = fresh.status,
      tagline = fresh.tagline,
      homepage = fresh.homepage,
      imdb_id = fresh.imdb_id,
      wikidata_id = fresh.wikidata_id,
      adult = fresh.adult,
      video = fresh.video,
      genres = fresh.genres,
      production_companies = fresh.production_companies,
      production_countries = fresh.production_countries,
      spoken_languages = fresh.spoken_languages,
      origin_country = fresh.origin_country,
      collection_id = fresh.collection_id,
      collection_name = fresh.collection_name,
      poster_path = fresh.poster_path,
      backdrop_path = fresh.backdrop_path,
      last_updated = fresh.last_updated
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  title,
  original_title,
  original_language,
  overview,
  release_date,
  runtime,
  budget,
  revenue,
  status,
  tagline,
  homepage,
  imdb_id,
  wikidata_id,
  adult,
  video,
  genres,
  production_companies,
  production_countries,
  spoken_languages,
  origin_country,
  collection_id,
  collection_name,
  poster_path,
  backdrop_path,
  last_updated
) VALUES (
  fresh.movie_id,
  fresh.title,
  fresh.original_title,
  fresh.original_language,
  fresh.overview,
  fresh.release_date,
  fresh.runtime,
  fresh.budget,
  fresh.revenue,
  fresh.status,
  fresh.tagline,
  fresh.homepage,
  fresh.imdb_id,
  fresh.wikidata_id,
  fresh.adult,
  fresh.video,
  fresh.genres,
  fresh.production_companies,
  fresh.production_countries,
  fresh.spoken_languages,
  fresh.origin_country,
  fresh.collection_id,
  fresh.collection_name,
  fresh.poster_path,
  fresh.backdrop_path,
  fresh.last_updated
)
