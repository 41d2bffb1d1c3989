#include "table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "base/text.h"
#include "text.h"

namespace cni::tool {
namespace {

constexpr std::size_t gap = 2;     // blanks between columns
constexpr std::size_t narrow = 8;  // no column is made narrower
constexpr std::string_view more = "..";

std::string fitted(const std::string& cell, std::size_t width) {
    if (cell.size() <= width) return cell;
    return cat(cell.substr(0, width - more.size()), more);
}

std::string_view colour_of(Table::Mark mark) {
    switch (mark) {
        case Table::Mark::good:
            return "\x1b[32m";
        case Table::Mark::bad:
            return "\x1b[31m";
        case Table::Mark::none:
            break;
    }
    return {};
}

bool allows_colours() {
    const char* const refused = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    return !(refused && *refused) && terminal && std::string_view(terminal) != "dumb";
}

std::size_t total(const std::vector<std::size_t>& widths) {
    return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

}  // namespace

Screen Screen::of_stdout() {
    if (!::isatty(STDOUT_FILENO)) return {};
    winsize size{};
    Screen screen{.colours = allows_colours()};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) screen.width = size.ws_col;
    return screen;
}

Table::Table(std::vector<std::string_view> headline)
    : headline_{{headline.begin(), headline.end()}, Mark::none} {}

void Table::add(std::vector<std::string> cells, Mark mark) {
    for (std::string& cell : cells) cell = cell.empty() ? "-" : printable(cell);
    rows_.push_back({std::move(cells), mark});
}

std::vector<std::size_t> Table::widths(const Screen& screen) const {
    std::vector<std::size_t> widths(headline_.cells.size());
    const auto widen = [&](const Row& row) {
        for (std::size_t i = 0; i < widths.size(); ++i)
            widths[i] = std::max(widths[i], row.cells[i].size());
    };
    widen(headline_);
    std::ranges::for_each(rows_, widen);
    while (screen.width != 0 && total(widths) > screen.width) {
        const auto widest = std::ranges::max_element(widths);
        if (*widest <= narrow) break;
        --*widest;
    }
    return widths;
}

std::string Table::line(const Row& row, const std::vector<std::size_t>& widths,
                        const Screen& screen) const {
    std::string text;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
        std::string cell = fitted(row.cells[i], widths[i]);
        cell.resize(widths[i] + gap, ' ');
        text += cell;
    }
    const std::string last = fitted(row.cells.back(), widths.back());
    const std::string_view colour = screen.colours ? colour_of(row.mark) : "";
    return colour.empty() ? cat(text, last, "\n") : cat(text, colour, last, "\x1b[0m\n");
}

std::string Table::print(const Screen& screen) const {
    const auto its_widths = widths(screen);
    std::string text = line(headline_, its_widths, screen);
    for (const Row& row : rows_) text += line(row, its_widths, screen);
    return text;
}

}  // namespace cni::tool
