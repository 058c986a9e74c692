package demo

import (
	"fmt"
	"strings"
)

// pairs are the directives of an object and their values, one after the other.
type pairs []string

// definitions is a file of objects that is being written.
type definitions struct{ strings.Builder }

// about starts the file with what it holds.
func about(text string) *definitions {
	d := &definitions{}
	fmt.Fprintf(d, "# %s\n# Written by onbu demo: it is written anew at each start.\n", text)
	return d
}

// define adds an object. Directives without a value are left out.
func (d *definitions) define(kind string, all pairs) {
	width := 0
	for i := 0; i < len(all); i += 2 {
		width = max(width, len(all[i]))
	}
	fmt.Fprintf(d, "\ndefine %s {\n", kind)
	for i := 0; i < len(all); i += 2 {
		if all[i+1] != "" {
			fmt.Fprintf(d, "    %-*s  %s\n", width, all[i], all[i+1])
		}
	}
	d.WriteString("}\n")
}
