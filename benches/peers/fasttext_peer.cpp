// Answers the lines of a file with a fastText model and times every answer, from raw text to labels, without Python.
//
//   c++ -O2 -std=c++17 fasttext_peer.cpp -lfasttext -o fasttext_peer
//   fasttext_peer MODEL TEXTS K THRESHOLD SECONDS
//
// Prints the labels of each line, then `times` and the nanoseconds of each call, then `rate` and texts a second without a
// clock between them.
#include <fasttext/fasttext.h>

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using Clock = std::chrono::steady_clock;

// As `fasttext_line` in systems.py: lower case, punctuation apart.
static std::string prepared(const std::string &text) {
  std::string line;
  line.reserve(text.size() + 16);
  for (unsigned char c : text) {
    if (c < 128 && std::ispunct(c) && c != '\'') {
      line += ' ';
      line += static_cast<char>(c);
      line += ' ';
    } else {
      line += static_cast<char>(c < 128 ? std::tolower(c) : c);
    }
  }
  line += '\n';
  return line;
}

int main(int count, char **arguments) {
  if (count != 6) return 2;
  fasttext::FastText model;
  model.loadModel(arguments[1]);
  std::ifstream file(arguments[2]);
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) texts.push_back(line);
  const int k = std::atoi(arguments[3]);
  const float threshold = std::strtof(arguments[4], nullptr);
  const std::chrono::duration<double> seconds(std::strtod(arguments[5], nullptr));

  std::vector<std::pair<fasttext::real, std::string>> labels;
  auto answer = [&](const std::string &text) {
    std::istringstream in(prepared(text));
    labels.clear();
    model.predictLine(in, labels, k, threshold);
  };
  // The first pass warms up as well.
  for (const auto &text : texts) {
    answer(text);
    for (const auto &label : labels) std::cout << label.second << ' ';
    std::cout << '\n';
  }
  if (seconds.count() <= 0) return 0;

  std::cout << "times";
  for (auto start = Clock::now(); Clock::now() - start < seconds;) {
    for (const auto &text : texts) {
      const auto before = Clock::now();
      answer(text);
      std::cout << ' ' << std::chrono::nanoseconds(Clock::now() - before).count();
    }
  }
  const auto start = Clock::now();
  std::size_t answered = 0;
  while (Clock::now() - start < seconds) {
    for (const auto &text : texts) answer(text);
    answered += texts.size();
  }
  std::cout << "\nrate " << answered / std::chrono::duration<double>(Clock::now() - start).count() << '\n';
}
