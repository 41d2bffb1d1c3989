#include "bench/chart.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "bench/wording.h"

namespace cni::bench {
namespace {

// Pixels.
constexpr double width = 860, left = 200, right = 100, top = 72, bar = 11, gap = 12;

constexpr const char* style =
    "<style>\n"
    "text { font: 12px sans-serif; fill: #1f2328 }\n"
    ".small { font-size: 10px }\n"
    ".paper { fill: #ffffff }\n"
    ".grid { stroke: #d0d7de }\n"
    ".ours { fill: #0969da }\n"
    ".theirs { fill: #bc4c00 }\n"
    ".floor { fill: #6e7781 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e6edf3 }\n"
    ".paper { fill: #0d1117 }\n"
    ".grid { stroke: #30363d }\n"
    ".ours { fill: #4493f8 }\n"
    ".theirs { fill: #db6d28 }\n"
    ".floor { fill: #9198a1 }\n"
    "}\n"
    "</style>\n";

struct Bar {
    const char* side;  ///< also the class of its style
    double value;
};

std::vector<Bar> bars_of(const Row& row) {
    std::vector<Bar> bars{{"ours", row.ours.times.median()}, {"theirs", row.theirs.times.median()}};
    if (row.floor) bars.push_back({"floor", row.floor->times.median()});
    return bars;
}

Axis axis_of(const Measurements& measurements) {
    double lowest = 1, highest = 1;
    for (const Row& row : measurements.rows)
        for (const Bar& it : bars_of(row)) {
            lowest = std::min(lowest, it.value);
            highest = std::max(highest, it.value);
        }
    return Axis(lowest, highest, width - left - right);
}

std::string pixels(double value) {
    return number(value, 1);
}

std::string text_at(double x, double y, const char* attributes, std::string_view text) {
    return cat("<text x=\"", pixels(x), "\" y=\"", pixels(y), "\"", attributes, ">", escaped(text),
               "</text>\n");
}

std::string draw(const Bar& it, const Axis& axis, double y) {
    const double size = axis.at(it.value);
    return cat("<rect class=\"", it.side, "\" x=\"", pixels(left), "\" y=\"", pixels(y),
               "\" width=\"", pixels(size), "\" height=\"", pixels(bar - 1), "\"/>\n",
               text_at(left + size + 4, y + bar - 2, " class=\"small\"",
                       cat(rounded(it.value), " ", it.side)));
}

std::string grid(const Axis& axis, double bottom) {
    std::string text;
    for (const double tick : axis.ticks()) {
        const std::string x = pixels(left + axis.at(tick));
        text += cat("<line class=\"grid\" x1=\"", x, "\" y1=\"", pixels(top - 8), "\" x2=\"", x,
                    "\" y2=\"", pixels(bottom), "\"/>\n",
                    text_at(left + axis.at(tick), top - 14, " text-anchor=\"middle\"",
                            cat(tick < 1 ? number(tick, 1) : number(tick, 0), " ms")));
    }
    return text;
}

}  // namespace

Axis::Axis(double lowest, double highest, double length)
    : first_(static_cast<int>(std::floor(std::log10(lowest)))),
      last_(std::max(first_ + 1, static_cast<int>(std::ceil(std::log10(highest))))),
      length_(length) {}

double Axis::at(double value) const {
    const double share = (std::log10(value) - first_) / (last_ - first_);
    return length_ * std::clamp(share, 0.0, 1.0);
}

std::vector<double> Axis::ticks() const {
    std::vector<double> powers;
    for (int i = first_; i <= last_; ++i) powers.push_back(std::pow(10.0, i));
    return powers;
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text)
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else
            safe += c;
    return safe;
}

std::string as_svg(const Measurements& measurements) {
    const Axis axis = axis_of(measurements);
    std::string rows;
    double y = top;
    for (const Row& row : measurements.rows) {
        const auto bars = bars_of(row);
        const double middle = y + static_cast<double>(bars.size()) * bar / 2 + 4;
        rows += text_at(left - 8, middle, " text-anchor=\"end\"", label(row));
        for (const Bar& it : bars) {
            rows += draw(it, axis, y);
            y += bar;
        }
        y += gap;
    }
    const std::string size = cat(pixels(width), " ", pixels(y));
    return cat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", size, "\" width=\"",
               pixels(width), "\" height=\"", pixels(y), "\">\n", style,
               "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
               text_at(12, 22, "", "Median time of one operation, less is better."),
               text_at(12, 38, " class=\"small\"", "From line to line it is ten times as much."),
               grid(axis, y - gap), rows, "</svg>\n");
}

}  // namespace cni::bench
