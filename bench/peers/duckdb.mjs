// duckdb.mjs FILE [OUT]; THREADS and VARIANT (window or list) from the environment
import { load, report } from './report.mjs';

const { DuckDBInstance } = load('@duckdb/node-api');
const [file, out] = process.argv.slice(2);
const { THREADS = '1', VARIANT = 'window', IDS = 'BIGINT' } = process.env;
const db = await DuckDBInstance.create(':memory:');
const connection = await db.connect();
await connection.run(`SET threads = ${THREADS}`);

const lines = `read_ndjson('${file}', columns = {id: '${IDS}', label: 'INTEGER',
  noisy_label: 'INTEGER', correct: 'VARCHAR', label_probs: 'DOUBLE'})`;
const summary = `id, any_value(label) AS label, any_value(noisy_label) AS s_label,
  count(*) FILTER (c) AS correct_times, count(*) FILTER (c) / count(*) AS correct_ratio,
  avg(p) AS avg_probs, var_pop(p) AS label_var, max(p) AS max_label_probs,
  min(p) AS min_label_probs`;
const source = `SELECT id, label, noisy_label, label_probs AS p, correct = 'true' AS c,
  row_number() OVER () AS row FROM ${lines}`;
const queries = {
  // each line beside the one before of its sample
  window: `WITH l AS (${source}),
    w AS (SELECT *, lag(c) OVER s AS was, row_number() OVER s - 1 AS step FROM l
      WINDOW s AS (PARTITION BY id ORDER BY row))
    SELECT ${summary}, count(*) FILTER (was AND NOT c) AS forgetting_times,
      count(*) FILTER (NOT was AND c) AS learnt_times,
      coalesce(min(step) FILTER (was AND NOT c), 0) AS first_forget,
      coalesce(min(step) FILTER (NOT was AND c), 0) AS first_learn
    FROM w GROUP BY id`,
  // the history of each sample as a string of 0 and 1
  list: `WITH l AS (${source}),
    g AS (SELECT ${summary},
      string_agg(CASE WHEN c THEN '1' ELSE '0' END, '' ORDER BY row) AS history
      FROM l GROUP BY id)
    SELECT * EXCLUDE (history),
      (length(history) - length(replace(history, '10', ''))) // 2 AS forgetting_times,
      (length(history) - length(replace(history, '01', ''))) // 2 AS learnt_times,
      strpos(history, '10') AS first_forget, strpos(history, '01') AS first_learn FROM g`,
};

await report(() => connection.run(`CREATE TABLE result AS ${queries[VARIANT]}`));
if (out) {
  await connection.run(`COPY result TO '${out}' (FORMAT csv, DELIMITER '\t', HEADER)`);
}
