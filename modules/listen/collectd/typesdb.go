package collectd

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// dataSource is one value of a type: how it is called, and what it can be.
type dataSource struct {
	name     string
	min, max float64 // infinite where the file says U
}

// types are collectd's types by name.
type types map[string][]dataSource

// builtin are the types that collectd's commonest plugins use, for where there is no types.db.
const builtin = `
cpu          value:DERIVE:0:U
percent      value:GAUGE:0:100.1
load         shortterm:GAUGE:0:5000, midterm:GAUGE:0:5000, longterm:GAUGE:0:5000
memory       value:GAUGE:0:281474976710656
swap         value:GAUGE:0:1099511627776
swap_io      value:DERIVE:0:U
df_complex   value:GAUGE:0:U
df_inodes    value:GAUGE:0:U
disk_merged  read:DERIVE:0:U, write:DERIVE:0:U
disk_octets  read:DERIVE:0:U, write:DERIVE:0:U
disk_ops     read:DERIVE:0:U, write:DERIVE:0:U
disk_time    read:DERIVE:0:U, write:DERIVE:0:U
disk_io_time io_time:DERIVE:0:U, weighted_io_time:DERIVE:0:U
if_dropped   rx:DERIVE:0:U, tx:DERIVE:0:U
if_errors    rx:DERIVE:0:U, tx:DERIVE:0:U
if_octets    rx:DERIVE:0:U, tx:DERIVE:0:U
if_packets   rx:DERIVE:0:U, tx:DERIVE:0:U
users        value:GAUGE:0:65535
uptime       value:GAUGE:0:4294967295
ps_state     value:GAUGE:0:65535
fork_rate    value:DERIVE:0:U
contextswitch value:DERIVE:0:U
irq          value:DERIVE:0:U
entropy      value:GAUGE:0:4294967295
ping         value:GAUGE:0:65535
temperature  value:GAUGE:U:U
`

// defaultTypes is where collectd's packages put the file.
const defaultTypes = "/usr/share/collectd/types.db"

// maxTypes is how large a types.db may be.
const maxTypes = 4 << 20

// readTypes reads a types.db. Without a path it is the one of collectd's package, or, where that is missing, the built-in one.
func readTypes(path string) (types, error) {
	if path == "" {
		if all, err := readTypes(defaultTypes); err == nil {
			return all, nil
		}
		return parseTypes(strings.NewReader(builtin))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := parseTypes(io.LimitReader(f, maxTypes))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func parseTypes(r io.Reader) (types, error) {
	all := types{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		name, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
		if name == "" {
			continue
		}
		for text := range strings.SplitSeq(rest, ",") {
			ds, err := parseSource(strings.TrimSpace(text))
			if err != nil {
				return nil, fmt.Errorf("line %d: type %s: %w", n, name, err)
			}
			all[name] = append(all[name], ds)
		}
	}
	return all, lines.Err()
}

// parseSource reads NAME:KIND:MIN:MAX. The kind is not looked at: it comes with each value.
func parseSource(text string) (dataSource, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 4 || parts[0] == "" {
		return dataSource{}, fmt.Errorf("%q: write NAME:KIND:MIN:MAX", text)
	}
	low, err := bound(parts[2], math.Inf(-1))
	if err != nil {
		return dataSource{}, err
	}
	high, err := bound(parts[3], math.Inf(1))
	return dataSource{parts[0], low, high}, err
}

func bound(text string, none float64) (float64, error) {
	if text == "U" {
		return none, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a number nor U", text)
	}
	return f, nil
}

// of gives what is known of a type that has so many values; nil if nothing is.
func (t types) of(name string, values int) []dataSource {
	if list := t[name]; len(list) == values {
		return list
	}
	return nil
}
