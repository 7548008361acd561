// simdjson On-Demand with the same running state per sample: simdjson FILE [OUT]
// Integer ids that count from 0; checks only what it reads. One thread.
#include <fcntl.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "../report.h"

struct State {
  double mean, squares, smallest, largest;
  uint32_t n, correct, forgotten, learnt, first_forget, first_learn;
  int32_t label, s_label;
  bool was_correct;
};

static void add(State &a, double p, bool correct, int64_t label, int64_t s_label) {
  uint32_t t = a.n++;
  if (t == 0) {
    a.mean = a.smallest = a.largest = p;
    a.was_correct = correct;
    a.label = (int32_t)label;
    a.s_label = (int32_t)s_label;
  }
  double difference = p - a.mean;
  a.mean += difference / a.n;
  a.squares += difference * (p - a.mean);
  a.smallest = p < a.smallest ? p : a.smallest;
  a.largest = p > a.largest ? p : a.largest;
  a.correct += correct;
  if (a.was_correct && !correct) {
    a.forgotten++;
    a.first_forget = a.first_forget ? a.first_forget : t;
  }
  if (!a.was_correct && correct) {
    a.learnt++;
    a.first_learn = a.first_learn ? a.first_learn : t;
  }
  a.was_correct = correct;
}

static void write(const char *path, const std::vector<State> &states) {
  FILE *out = fopen(path, "w");
  fputs(
      "id\tlabel\ts_label\tcorrect_times\tcorrect_ratio\tavg_probs\tlabel_var\t"
      "max_label_probs\tmin_label_probs\tforgetting_times\tlearnt_times\t"
      "first_forget\tfirst_learn\n",
      out);
  for (size_t i = 0; i < states.size(); i++) {
    const State &a = states[i];
    if (a.n) {
      fprintf(out, "%zu\t%d\t%d\t%u\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%u\t%u\t%u\t%u\n",
              i, a.label, a.s_label, a.correct, (double)a.correct / a.n, a.mean,
              a.squares / a.n, a.largest, a.smallest, a.forgotten, a.learnt,
              a.first_forget, a.first_learn);
    }
  }
  fclose(out);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    return 2;
  }
  report r = report_start();
  int fd = open(argv[1], O_RDONLY);
  struct stat info;
  fstat(fd, &info);
  size_t n = (size_t)info.st_size;
  size_t padded = n + simdjson::SIMDJSON_PADDING + 4096;
  char *data = (char *)mmap(nullptr, padded, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mmap(data, n, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
  std::vector<State> states;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream lines;
  if (parser.iterate_many((const uint8_t *)data, n, 1 << 20).get(lines)) {
    return 1;
  }
  for (auto line : lines) {
    simdjson::ondemand::object record = line.get_object();
    int64_t id = record.find_field("id");
    int64_t label = record.find_field("label");
    int64_t s_label = record.find_field("noisy_label");
    std::string_view correct = record.find_field("correct");
    double p = record.find_field("label_probs");
    if ((size_t)id >= states.size()) {
      states.resize((size_t)id * 2 + 1024);
    }
    add(states[(size_t)id], p, correct == "true", label, s_label);
  }
  report_end(&r);
  if (argc > 2) {
    write(argv[2], states);
  }
}
