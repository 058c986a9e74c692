package oracle

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// readLog gives a step of each sequence what was logged of it since the step before. The stamps of the lines are not
// asked: Nagios takes them from a clock that is some milliseconds late, and does at a full second what it has to do
// then.
func (n *nagios) readLog(step int) {
	news := n.news()
	for line := range lines(news) {
		_, text, _ := strings.Cut(line, "] ")
		i := n.subject(text)
		if i < 0 || step >= len(n.sequences[i].Seconds) {
			continue
		}
		if entry := logged(text, prefix(i)); entry != "" {
			second := &n.sequences[i].Seconds[step]
			second.Log = append(second.Log, entry)
		}
	}
	for _, s := range n.sequences {
		if step < len(s.Seconds) {
			slices.Sort(s.Seconds[step].Log)
		}
	}
}

// news gives what was logged in the present step: up to its second save. What follows belongs to the next one.
func (n *nagios) news() []byte {
	f, err := os.Open(n.file("nagios.log"))
	if err != nil {
		n.t.Fatal(err)
	}
	defer f.Close()
	news, err := io.ReadAll(io.NewSectionReader(f, n.read, 1<<30))
	if err != nil {
		n.t.Fatal(err)
	}
	marker := []byte("EXTERNAL COMMAND: " + saveCommand + ";\n")
	end := 0
	for range 2 {
		i := bytes.Index(news[end:], marker)
		if i < 0 {
			n.t.Fatalf("nagios.log does not tell of the saves of this step:\n%s", news)
		}
		end += i + len(marker)
	}
	n.read += int64(end)
	return news[:end]
}

// subject gives the index of the sequence that a line of the log is about, -1 if it is about none.
func (n *nagios) subject(text string) int {
	_, rest, ok := strings.Cut(text, ": q")
	number, _, dot := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	if !ok || !dot || err != nil || i >= len(n.sequences) {
		return -1
	}
	return i
}
