/* dm_steps: the rule for the steps of an id, and what is said of a step that breaks it.
 */
#include "dm_test.h"
#include "summary/dm_steps.h"

static void test_rule(void) {
  const dm_step_state none = {0};
  const dm_step_state at_2 = {.step = 2, .is_given = 1};
  static const struct {
    bool has_last, is_first, is_given, may_repeat;
    double step;
    dm_steps_fault fault;
    const char *expected, *found;
  } cases[] = {
      {0, 1, 0, 1, 0, DM_STEPS_FINE, "", ""},
      {0, 1, 1, 1, 5, DM_STEPS_FINE, "", ""},
      {0, 0, 0, 1, 0, DM_STEPS_FINE, "", ""},
      {0, 0, 1, 1, 5, DM_STEPS_MIXED, "no step, like the lines of id 7 before", "step 5"},
      {1, 0, 0, 1, 0, DM_STEPS_MIXED, "a step, like the lines of id 7 before",
       "a line without it"},
      {1, 0, 1, 1, 2.5, DM_STEPS_FINE, "", ""},
      {1, 0, 1, 1, 2, DM_STEPS_FINE, "", ""},
      {1, 0, 1, 1, 1.5, DM_STEPS_BACK, "a step of at least 2, the last of id 7",
       "step 1.5"},
      {1, 0, 1, 0, 2.5, DM_STEPS_FINE, "", ""},
      {1, 0, 1, 0, 2, DM_STEPS_NOT_ABOVE, "a step above 2, the last of id 7", "step 2"},
      {1, 0, 1, 0, 1, DM_STEPS_NOT_ABOVE, "a step above 2, the last of id 7", "step 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    const dm_step_state *last = cases[i].has_last ? &at_2 : &none;
    dm_steps_fault fault = dm_steps_check(last, cases[i].is_first, cases[i].is_given,
                                          cases[i].step, cases[i].may_repeat);
    CHECK_INT(fault, cases[i].fault);
    if (fault != DM_STEPS_FINE) {
      dm_error err;
      dm_ident id = dm_ident_from_int(7);
      dm_steps_error(fault, last, cases[i].is_given, cases[i].step, &id, &err);
      CHECK_INT(err.status, DM_E_FIELD);
      CHECK_STR(err.key, "step");
      CHECK_STR(err.expected, cases[i].expected);
      CHECK_STR(err.found, cases[i].found);
    }
  }
}

int main(void) {
  DM_RUN(test_rule);
  return dm_test_end();
}
