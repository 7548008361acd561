// polars.mjs FILE [OUT]; POLARS_MAX_THREADS from the environment
import { load, report } from './report.mjs';

const pl = load('nodejs-polars');
const [file, out] = process.argv.slice(2);
const c = pl.col('c');
const was = pl.col('was');

const summary = await report(() =>
  pl.scanJson(file, { inferSchemaLength: 100 })
    .select(pl.col('id'), pl.col('label'), pl.col('noisy_label').alias('s_label'),
      pl.col('label_probs').alias('p'), pl.col('correct').eq(pl.lit('true')).alias('c'))
    .withColumns(c.shift(1).over('id').alias('was'), c.cumCount().over('id').alias('n'))
    .withColumns(was.and(c.not()).alias('forgets'), was.not().and(c).alias('learns'))
    .groupBy('id')
    .agg(pl.col('label').first(), pl.col('s_label').first(),
      c.sum().alias('correct_times'), c.mean().alias('correct_ratio'),
      pl.col('p').mean().alias('avg_probs'), pl.col('p').var().alias('v'),
      pl.col('p').count().alias('k'), pl.col('p').max().alias('max_label_probs'),
      pl.col('p').min().alias('min_label_probs'),
      pl.col('forgets').sum().alias('forgetting_times'),
      pl.col('learns').sum().alias('learnt_times'),
      pl.col('n').filter(pl.col('forgets')).min().alias('first_forget'),
      pl.col('n').filter(pl.col('learns')).min().alias('first_learn'))
    .withColumns(
      pl.col('v').mul(pl.col('k').minus(1)).div(pl.col('k')).fillNull(0).alias('label_var'),
      pl.col('first_forget').minus(1).fillNull(0), pl.col('first_learn').minus(1).fillNull(0))
    .drop('v', 'k')
    .collect());
if (out) {
  summary.writeCSV(out, { separator: '\t' });
}
