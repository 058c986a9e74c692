package console

import (
	"fmt"
	"io"
	"strings"
)

// grid is a table whose columns are as wide as what stands in them. Its last column is cut to the terminal.
type grid struct {
	head []string
	rows [][]string
	// state is the column that is painted by what stands in it; -1 for none.
	state int
	// right says which columns stand at their right edge.
	right []bool
	// marks paints whole rows as a state is painted; one that is CRITICAL begins with "!".
	marks map[int]string
}

// add adds a row; its cells are made fit for a terminal.
func (g *grid) add(cells ...string) {
	for i := range cells {
		cells[i] = printable(cells[i])
	}
	g.rows = append(g.rows, cells)
}

// draw draws the table, indented by two.
func (g *grid) draw(w io.Writer, s Style) {
	widths := make([]int, len(g.head))
	for _, row := range append([][]string{g.head}, g.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	g.line(w, g.head, widths, Style{Width: s.Width}, "")
	for i, row := range g.rows {
		g.line(w, row, widths, s, g.marks[i])
	}
}

func (g *grid) line(w io.Writer, row []string, widths []int, s Style, mark string) {
	var b strings.Builder
	used := 2
	for i, cell := range row {
		last := i == len(row)-1
		if last {
			cell = cut(cell, s.Width-used, s.Width > 0)
		}
		pad := strings.Repeat(" ", max(widths[i]-columns(cell), 0))
		if i == g.state {
			cell = s.paint(cell, cell)
		}
		switch {
		case i < len(g.right) && g.right[i]:
			cell = pad + cell
		case !last:
			cell += pad
		}
		b.WriteString("  " + cell)
		used += widths[i] + 2
	}
	line := strings.TrimRight(b.String(), " ")
	if mark == "CRITICAL" {
		line = "!" + line[1:]
	}
	fmt.Fprintln(w, s.paint(mark, line))
}
