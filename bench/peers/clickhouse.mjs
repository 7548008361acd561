// clickhouse.mjs FILE [OUT]; THREADS from the environment
import { load, report } from './report.mjs';

const { Session } = load('chdb');
const [file, out] = process.argv.slice(2);
const { THREADS = '1' } = process.env;
const isAlone = THREADS === '1';
const db = new Session();
// Cutting the file up for others to parse only costs one thread time.
db.query(`SET max_threads = ${THREADS}, input_format_parallel_parsing = ${Number(!isAlone)}`);

// One thread gathers in the order of the file. Of several each gathers its own lines,
// which are then put in order by their numbers.
const history = isAlone ? 'groupArray(c)'
  : 'arrayMap(x -> x.2, arraySort(groupArray((_row_number, c))))';
const query = `
  WITH l AS (
    SELECT *, _row_number, correct = 'true' AS c FROM file('${file}', JSONEachRow,
      'id Int64, label Int32, noisy_label Int32, correct String, label_probs Float64')),
  g AS (
    SELECT id, any(label) AS label, any(noisy_label) AS s_label, sum(c) AS correct_times,
      avg(c) AS correct_ratio, avg(label_probs) AS avg_probs,
      varPopStable(label_probs) AS label_var, max(label_probs) AS max_label_probs,
      min(label_probs) AS min_label_probs, ${history} AS history,
      arrayPopBack(history) AS was, arrayPopFront(history) AS is
    FROM l GROUP BY id)
  SELECT * EXCEPT (history, was, is),
    arrayCount((a, b) -> a > b, was, is) AS forgetting_times,
    arrayCount((a, b) -> a < b, was, is) AS learnt_times,
    arrayFirstIndex((a, b) -> a > b, was, is) AS first_forget,
    arrayFirstIndex((a, b) -> a < b, was, is) AS first_learn
  FROM g`;

await report(() => db.query(`CREATE TABLE result ENGINE = Memory AS ${query}`));
if (out) {
  db.query(`SELECT * FROM result INTO OUTFILE '${out}' FORMAT TSVWithNames`);
}
db.close();
