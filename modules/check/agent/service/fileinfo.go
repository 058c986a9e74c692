package service

import (
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// fileinfoKind is the size and the age of files.
func fileinfoKind() Kind {
	return Kind{
		Name:     "fileinfo",
		Sections: []string{"fileinfo"},
		Discover: func(in *Input) []Found {
			var found []Found
			files, _ := filesOf(in)
			for _, f := range files {
				if f.status == "ok" {
					found = append(found, Found{Item: f.path, Description: "File " + f.path})
				}
			}
			return found
		},
		Check: checkFile,
		Takes: map[string]string{
			"size":    "WARN,CRIT for the size: 1G,2G or 1K:,1:",
			"missing": "STATE when the file is missing (unknown)",
		},
	}
}

// fileInfo is a line of the section.
type fileInfo struct {
	path, status string
	size, at     float64 // bytes; seconds since 1970
}

// filesOf reads the time of the host, and PATH|STATUS|SIZE|TIME or in older agents PATH|SIZE|TIME.
func filesOf(in *Input) (files []fileInfo, now time.Time) {
	now = in.Now
	header := false
	for _, columns := range in.first("fileinfo").Rows() {
		switch {
		case columns[0] == "[[[header]]]":
			header = true
		case columns[0] == "[[[content]]]":
			header = false
		case header:
		case len(columns) == 1:
			if at, ok := moment(columns[0]); ok {
				now = at
			}
		default:
			if f, ok := fileLine(columns); ok {
				files = append(files, f)
			}
		}
	}
	return files, now
}

func fileLine(columns []string) (fileInfo, bool) {
	f := fileInfo{path: columns[0], status: columns[1]}
	values := columns[2:]
	if _, old := numeral(columns[1]); old {
		f.status, values = "ok", columns[1:]
	}
	if f.status != "ok" {
		return f, true
	}
	if len(values) < 2 {
		return f, false
	}
	var ok1, ok2 bool
	f.size, ok1 = numeral(values[0])
	f.at, ok2 = numeral(values[1])
	return f, ok1 && ok2
}

func checkFile(in *Input, r *Report) {
	files, now := filesOf(in)
	f, ok := pick(in, r, "file", files, func(f fileInfo) string { return f.path })
	if !ok {
		return
	}
	ages, sizes, gone := in.Levels(r, None()), in.Pair(r, "size", None()), in.StateOf(r, "missing", monitor.Unknown)
	switch {
	case f.status == "missing":
		r.Say(gone, "the file is missing")
		return
	case f.status != "ok":
		r.Say(monitor.Warning, "the agent says: "+strings.ToLower(f.status))
		return
	}
	r.Measure("Size", Measured("size", f.size, "B").By(sizes).Within(0, math.NaN()), showBytes)
	age := float64(now.Unix()) - f.at
	if age < 0 {
		r.OK("its time is " + showSpan(-age) + " in the future")
		age = 0
	}
	r.Measure("Age", Measured("age", age, "s").By(ages).Within(0, math.NaN()), showSpan)
}
