/* Fields that stand for others: what they stand for is put in their place, so that no one
   else has to know of them. */
#include "signals/dm_fields.h"

#include <math.h>
#include <string.h>

#include "number/dm_format.h"
#include "number/dm_number.h"

static dm_status bad_count(const dm_fields *fields, dm_error *err);

dm_status dm_fields_complete(const dm_fields *fields, double logits[2], dm_fields *out,
                             dm_error *err) {
  *out = *fields;
  out->has_margin &= !fields->probs && !fields->logits && !fields->has_label_probs;
  out->has_sum_logp &= !fields->probs && !fields->logits && !fields->has_label_probs &&
                       !fields->has_margin;
  if (out->has_margin) {
    logits[0] = fields->margin;
    logits[1] = 0;
    out->logits = logits;
    out->n_logits = 2;
    if (fields->label.kind == DM_IDENT_NONE) {
      out->label = dm_ident_from_int(0);
    }
  } else if (out->has_sum_logp) {
    const double most = 9007199254740992.0; /* 2^53 */
    double n = fields->n_tok;
    if (!fields->has_n_tok || !(n >= 1 && n <= most) || n != (double)(int64_t)n) {
      return bad_count(fields, err);
    }
    out->log_probs = fields->sum_logp / n;
    out->has_log_probs = true;
    out->label_probs = exp(out->log_probs);
    out->has_label_probs = true;
  }
  return DM_OK;
}

static dm_status bad_count(const dm_fields *fields, dm_error *err) {
  dm_status status = fields->has_n_tok ? DM_E_RANGE : DM_E_FIELD;
  dm_error_expected(err, status,
                    fields->has_n_tok ? "a whole number of tokens, 1 or more"
                                      : "\"n_tok\", the number of tokens whose "
                                        "log-probabilities \"sum_logp\" is the sum of");
  dm_error_key(err, "n_tok", 5);
  if (fields->has_n_tok) {
    char shown[DM_FORMAT_MAX + 1];
    shown[dm_format_double(fields->n_tok, shown)] = '\0';
    dm_error_found(err, "%s", shown);
  } else {
    dm_error_found(err, "a line without it");
  }
  return status;
}
