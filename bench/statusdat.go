package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// addStatus takes lateness and states from nagios4's status file, which holds the last check of each service.
func addStatus(f *Figures, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("its status file: %w", err)
	}
	defer file.Close()
	late, bad, err := parseStatus(file)
	if err != nil {
		return fmt.Errorf("its status file: %w", err)
	}
	slices.Sort(late)
	f.Lateness = latenessOf(late)
	f.Errors = bad
	return nil
}

// parseStatus gives the latency in seconds of every service that was checked, and how many of them are not OK.
func parseStatus(r io.Reader) (late []float64, bad int, err error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	inside := false
	values := map[string]string{}
	for s.Scan() {
		line := strings.TrimSpace(s.Text())
		switch {
		case strings.HasSuffix(line, " {"):
			inside = line == "servicestatus {"
			clear(values)
		case line == "}" && inside:
			inside = false
			if values["has_been_checked"] != "1" {
				continue
			}
			l, err := strconv.ParseFloat(values["check_latency"], 64)
			if err != nil {
				return nil, 0, fmt.Errorf("check_latency: %w", err)
			}
			late = append(late, l)
			if values["current_state"] != "0" {
				bad++
			}
		case inside:
			key, value, _ := strings.Cut(line, "=")
			values[key] = value
		}
	}
	return late, bad, s.Err()
}

// nearest gives the value of sorted that the share q is not above; 0 if there is none.
func nearest(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// latenessOf gives the quantiles of sorted seconds.
func latenessOf(late []float64) Lateness {
	return Lateness{P50: nearest(late, 0.5) * 1000, P99: nearest(late, 0.99) * 1000, Max: nearest(late, 1) * 1000}
}
