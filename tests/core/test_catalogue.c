/* The cases of the catalogue of faults (tests/testthat/faults/) that R can't run,
   and that are of no module alone. */
#include "dm_test.h"
#include "summary/dm_run.h"

/* --- lines beyond 2^31 and 2^32 -------------------------------------------------------
 */

static void test_many_lines(void) {
  static const char text[] =
      "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.1]}\n"
      "{\"id\": 1, \"label\": 1, \"probs\": [0.5, 0.5]}\n"
      "{\"id\": 1, \"label\": 0, \"step\": 1, \"probs\": [0.5, 0.5]}\n"
      "\n"
      "{\"id\": }\n";
  static const uint64_t first[] = {INT32_MAX - UINT64_C(1), INT32_MAX, UINT32_MAX,
                                   UINT64_C(1) << 40};
  for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
    for (int is_skipping = 0; is_skipping <= 1; is_skipping++) {
      DM_CASE("line %" PRIu64, first[i]);
      dm_options options = {
          .is_skipping = is_skipping, .max_line = 1000, .block_size = 1000, .seed = 1};
      char data[sizeof text + DM_BLOCK_PAD] = {0};
      memcpy(data, text, sizeof text - 1);
      dm_block block = {.data = data, .len = sizeof text - 1};
      dm_origin origin = {.file = 0, .first_line = first[i], .first_byte = first[i] * 50};
      dm_error err = {0};
      dm_run *run = NULL;
      CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
      CHECK_INT(dm_parse_block(run->parser, &block, &run->batch, &err), DM_OK);
      dm_status status =
          dm_fold_batch(&run->states, &run->sink, &run->batch, &origin, &err);
      if (is_skipping) {
        CHECK_INT(status, DM_OK);
        CHECK_UINT(run->states.counts.lines, 5);
        CHECK_UINT(
            run->states.counts.good + run->states.counts.blank + run->states.counts.bad,
            5);
        CHECK_UINT(run->states.counts.bad, 2);
        CHECK_UINT(run->states.problems.n_kept, 4);
        for (size_t k = 0; k < run->states.problems.n_kept; k++) {
          static const uint64_t lines[] = {0, 1, 2, 4};
          CHECK_UINT(run->states.problems.kept[k].line, first[i] + lines[k]);
        }
      } else {
        CHECK_INT(status, DM_E_FIELD); /* the step, before the line behind it */
        CHECK_UINT(err.line, first[i] + 2);
        CHECK(err.byte > first[i] * 50);
      }
      dm_run_free(run);
    }
  }
}

/* --- ids that collide -----------------------------------------------------------------
 */

enum { N_IDS = 100000, ID_BYTES = 16 };

/* How far all texts together lie from where their hashes send them: the entries that are
   looked at in vain when each is looked up once. */
static uint64_t steps_aside(const dm_index *index) {
  uint64_t steps = 0;
  for (size_t i = 0; i < index->n_buckets; i++) {
    const dm_bucket *bucket = &index->buckets[i];
    for (size_t k = 0; k < DM_BUCKET_ENTRIES && bucket->row[k]; k++) {
      steps += k + DM_BUCKET_ENTRIES *
                       ((i - (size_t)bucket->hash[k]) & (index->n_buckets - 1));
    }
  }
  return steps;
}

/* The same for these ids; most, where there are more before the last is in. */
static uint64_t steps_of(const char *ids, uint64_t seed, uint64_t most) {
  uint64_t steps = 0;
  dm_index index;
  dm_error err;
  dm_index_init(&index, seed);
  for (size_t i = 0; i < N_IDS && steps < most; i++) {
    dm_ident id = {.kind = DM_IDENT_TEXT, .len = ID_BYTES, .text = ids + i * ID_BYTES};
    uint32_t row;
    if (dm_index_row(&index, &id, &row, &err) || row != i) {
      FAIL("id %zu has row %u", i, (unsigned)row);
      break;
    }
    if (i % 1000 == 999) { /* soon enough where every id meets all others */
      steps = steps_aside(&index);
    }
  }
  dm_index_release(&index);
  return steps < most ? steps : most;
}

/* Ids of two words whose second differs from the first by the same bits: whatever mixes
   words weakly sends many of them to one place. With any seed they are as random ones. */
static void test_flooding(void) {
  char *ids = malloc((size_t)N_IDS * ID_BYTES);
  uint64_t state = 7;
  for (size_t i = 0; i < N_IDS; i++) {
    uint64_t words[2];
    for (int w = 0; w < 2; w++) {
      state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      words[w] = state ^ state >> 29;
    }
    memcpy(ids + i * ID_BYTES, words, ID_BYTES);
  }
  uint64_t usual = steps_of(ids, 1, UINT64_MAX);
  CHECK(usual > 0 && usual < 5 * N_IDS);
  static const uint64_t seeds[] = {0, 1, UINT64_C(0x123456789ABCDEF)};
  for (int pattern = 0; pattern < 4; pattern++) {
    for (size_t i = 0; i < N_IDS; i++) {
      uint64_t words[2] = {i, i};
      words[0] <<= pattern == 1 ? 44 : pattern == 2 ? 20 : 0;
      words[1] = pattern == 0 ? 0 : pattern == 3 ? ~words[0] : words[0] ^ 0x9E3779B9u;
      memcpy(ids + i * ID_BYTES, words, ID_BYTES);
    }
    for (size_t s = 0; s < sizeof seeds / sizeof seeds[0]; s++) {
      DM_CASE("pattern %d, seed %zu", pattern, s);
      CHECK(steps_of(ids, seeds[s], 3 * usual) < 3 * usual);
    }
  }
  free(ids);
}

int main(void) {
  DM_RUN_FAULT("F24", test_many_lines);
  DM_RUN_FAULT("M16", test_flooding);
  return dm_test_end();
}
