#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cni::tool {

/// Where a table is printed.
struct Screen {
    std::size_t width = 0;  ///< columns; 0: as wide as it gets
    bool colours = false;

    /// Standard output: a terminal has a width, and colours unless NO_COLOR is set or TERM is dumb.
    static Screen of_stdout();
};

/// Lines of columns under a headline. What cells hold is made printable.
class Table {
public:
    explicit Table(std::vector<std::string_view> headline);

    enum class Mark { none, good, bad };
    /// As many cells as there are columns; the last one is shown by `mark`.
    void add(std::vector<std::string> cells, Mark mark = Mark::none);
    bool empty() const { return rows_.empty(); }

    /// Whole lines. On a screen that is too narrow the widest cells end in "..".
    std::string print(const Screen& screen) const;

private:
    struct Row {
        std::vector<std::string> cells;
        Mark mark;
    };
    std::vector<std::size_t> widths(const Screen& screen) const;
    std::string line(const Row& row, const std::vector<std::size_t>& widths,
                     const Screen& screen) const;

    Row headline_;
    std::vector<Row> rows_;
};

}  // namespace cni::tool
