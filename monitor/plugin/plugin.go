// Package plugin knows what monitoring plugins print and how they exit (Nagios Plugin API), and turns it into an
// outcome. What a plugin prints comes from anywhere on the network: the texts that leave this package are valid UTF-8 and
// hold no control characters but the line feeds between lines and tabs.
package plugin

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// DefaultLimit is how many bytes of a plugin's output are kept unless somebody says otherwise. Nagios keeps 8 KiB.
const DefaultLimit = 64 << 10

// NoOutput is what Nagios shows for a plugin that printed nothing.
const NoOutput = "(No output returned from plugin)"

// Outcome puts together what a plugin that ran to its end printed and returned. Of each stream at most limit bytes
// count. Standard error counts only when there is nothing on standard output.
func Outcome(stdout, stderr []byte, exitCode, limit int) monitor.Outcome {
	var o monitor.Outcome
	var note string
	o.State, note = State(exitCode)
	o.Output, o.LongOutput, o.Perfdata = Output(stdout, limit)
	if o.Output == NoOutput && o.LongOutput == "" && o.Perfdata == "" {
		if text, long, _ := Output(bytes.ReplaceAll(stderr, []byte("|"), []byte(" ")), limit); text != NoOutput {
			o.Output, o.LongOutput = "(No output on stdout) stderr: "+text, long
		}
	}
	if note != "" {
		o.Output = strings.TrimSuffix(note+" "+o.Output, " "+NoOutput)
	}
	return o
}

// State gives the state for an exit code. The note is empty for 0-3; otherwise it says, in Nagios' words, what is wrong,
// to be put before the output. A plugin killed by a signal has the exit code that a shell gives it, 128 + the signal.
func State(exitCode int) (state monitor.State, note string) {
	switch {
	case 0 <= exitCode && exitCode <= 3:
		return monitor.State(exitCode), ""
	case exitCode == 126:
		return monitor.Critical, "(Return code of 126 is out of bounds. Check if plugin is executable)"
	case exitCode == 127:
		return monitor.Critical, "(Return code of 127 is out of bounds. Check if plugin exists)"
	}
	return monitor.Critical, fmt.Sprintf("(Return code of %d is out of bounds)", exitCode)
}

// Output takes a plugin's output apart: line 1 is text|perfdata; the following lines are long text up to a "|", and
// perfdata from there to the end. Pieces of perfdata are joined by blanks.
//
// At most limit bytes of raw count (DefaultLimit if limit is not positive). When that cuts perfdata short, its last
// metric goes too: half a number is a wrong number. In the first line ";" becomes ":", as in Nagios, for active and
// passive results alike: log lines and the status file part their fields with semicolons. Long text and perfdata keep theirs.
func Output(raw []byte, limit int) (output, long, perf string) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	cut := len(raw) > limit
	if cut {
		raw = raw[:limit]
	}
	text := clean(raw)
	first, rest, _ := strings.Cut(text, "\n")
	output, perf, hasPerf := strings.Cut(first, "|")
	long, more, hasMore := strings.Cut(rest, "|")
	if cut && (hasMore || hasPerf && rest == "") {
		if hasMore {
			more = withoutLast(more)
		} else {
			perf = withoutLast(perf)
		}
	}
	perf = join(perf, more)
	output = strings.ReplaceAll(strings.TrimSpace(output), ";", ":")
	long = strings.TrimRight(long, " \t\n")
	if output == "" {
		output = NoOutput
	}
	return output, long, perf
}

// withoutLast drops what stands after the last blank.
func withoutLast(perf string) string {
	return perf[:max(strings.LastIndexAny(perf, " \t\n"), 0)]
}

// join puts the perfdata of the first line and of the others into one line. Any further "|" only parts pieces of it.
func join(first, more string) string {
	if more == "" && !strings.Contains(first, "|") {
		return strings.TrimSpace(first)
	}
	onto := strings.NewReplacer("\n", " ", "|", " ")
	return strings.TrimSpace(onto.Replace(strings.TrimSpace(first) + " " + strings.TrimSpace(more)))
}

// Unescape turns the escapes of a passive result's text into what they stand for: \n into a line feed, \\ into a
// backslash. Other backslashes stay.
func Unescape(text string) string {
	return strings.NewReplacer(`\n`, "\n", `\\`, `\`).Replace(text)
}
