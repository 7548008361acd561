/* One rule for the steps of an id: all of its lines have one or none has, and they go up.
 */
#include "summary/dm_steps.h"

#include "number/dm_format.h"

dm_steps_fault dm_steps_check(const dm_step_state *last, bool is_first, bool is_given,
                              double step, bool may_repeat) {
  if (!is_first && is_given != (last->is_given != 0)) {
    return DM_STEPS_MIXED;
  }
  if (!is_given || !last->is_given) {
    return DM_STEPS_FINE;
  }
  return may_repeat ? (step < last->step ? DM_STEPS_BACK : DM_STEPS_FINE)
                    : (step <= last->step ? DM_STEPS_NOT_ABOVE : DM_STEPS_FINE);
}

void dm_steps_error(dm_steps_fault fault, const dm_step_state *last, bool is_given,
                    double step, const dm_ident *id, dm_error *err) {
  char shown[64];
  char now[DM_FORMAT_MAX + 1];
  char before[DM_FORMAT_MAX + 1];
  dm_ident_print(id, shown, sizeof shown);
  now[dm_format_double(step, now)] = '\0';
  before[dm_format_double(last->step, before)] = '\0';
  if (fault == DM_STEPS_MIXED) {
    dm_error_expected(err, DM_E_FIELD, "%s step, like the lines of id %s before",
                      is_given ? "no" : "a", shown);
    dm_error_found(err, is_given ? "step %s" : "a line without it", now);
    dm_error_advice(err, "give all lines of an id a step, or none");
  } else {
    dm_error_expected(err, DM_E_FIELD,
                      fault == DM_STEPS_BACK ? "a step of at least %s, the last of id %s"
                                             : "a step above %s, the last of id %s",
                      before, shown);
    dm_error_found(err, "step %s", now);
  }
  dm_error_key(err, "step", 4);
}
