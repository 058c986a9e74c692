package wsarbiter

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/monitor"
)

// latest is the last second that a result may have been made, in the year 2262.
const latest = 9223372036

// results reads the fields of push_check_result: each may come many times, and those in the same place belong together. Results
// are put in the order of their times, as Shinken does.
func results(f web.Form) ([]monitor.Submission, error) {
	hosts, services, codes := f.All("host_name"), f.All("service_description"), f.All("return_code")
	outputs, times := f.All("output"), f.All("time_stamp")
	if len(codes) == 0 {
		return nil, nil
	}
	if len(codes) != len(hosts) {
		return nil, errors.New("number of return codes does not match number of hosts")
	}
	var all []monitor.Submission
	for i, host := range hosts {
		of := monitor.Ref{Host: host, Service: at(services, i)}
		code := strings.TrimSpace(codes[i])
		if _, err := strconv.Atoi(code); err != nil || host == "" {
			return nil, fmt.Errorf("result %d: it needs a host_name, and a whole number as return_code", i+1)
		}
		s := nagios.Result(of, nagios.State(code, of.IsHost()), at(outputs, i))
		if text := at(times, i); text != "" {
			seconds, err := strconv.ParseInt(text, 10, 64)
			if err != nil || seconds < 0 || seconds > latest {
				return nil, fmt.Errorf("result %d: time_stamp is not Unix seconds", i+1)
			}
			s.Time = monitor.Time(seconds) * 1e9
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b monitor.Submission) int { return cmp.Compare(a.Time, b.Time) })
	return all, nil
}

// at gives an element; empty if there are fewer.
func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// line gives what makes a command line of a form for that path; nil if there is no such path.
func line(route string) func(f web.Form) (string, error) {
	switch route {
	case "restart":
		return func(f web.Form) (string, error) { return stamped(f, "RESTART_PROGRAM") }
	case "reload":
		return func(f web.Form) (string, error) { return stamped(f, "RELOAD_CONFIG") }
	case "acknowledge":
		return acknowledge
	case "downtime":
		return downtime
	case "recheck":
		return recheck
	}
	return nil
}

func now() string { return strconv.FormatInt(time.Now().Unix(), 10) }

// stamped puts the time in front, and puts words together that come from a form.
func stamped(f web.Form, words ...string) (string, error) {
	if i := slices.IndexFunc(words, func(w string) bool { return !printable(w) }); i >= 0 {
		return "", errors.New("no field may have semicolons or line ends in it")
	}
	at := f.Get("time_stamp", now())
	if _, err := strconv.ParseUint(at, 10, 32); err != nil {
		return "", errors.New("time_stamp is not Unix seconds")
	}
	return "[" + at + "] " + strings.Join(words, ";"), nil
}

// object gives the words that name whom a command is for, the command's own name among them, which has SVC or HOST in it.
func object(f web.Form, format string) ([]string, error) {
	host, service := f.Get("host_name", ""), f.Get("service_description", "")
	switch {
	case host == "":
		return nil, &web.Fault{Code: http.StatusBadRequest, Why: "Missing parameter host_name", Reason: "mistakes"} // Shinken's words
	case service == "":
		return []string{fmt.Sprintf(format, "HOST"), host}, nil
	}
	return []string{fmt.Sprintf(format, "SVC"), host, service}, nil
}

// said gives the text of a field that may hold anything, in one line without semicolons.
func said(f web.Form, name, otherwise string) string {
	return strings.Map(func(r rune) rune {
		if printable(string(r)) {
			return r
		}
		return ' '
	}, f.Get(name, otherwise))
}

func acknowledge(f web.Form) (string, error) {
	switch f.Get("action", "add") {
	case "add":
		words, err := object(f, "ACKNOWLEDGE_%s_PROBLEM")
		if err != nil {
			return "", err
		}
		return stamped(f, append(words, f.Get("sticky", "1"), f.Get("notify", "0"), f.Get("persistent", "1"),
			said(f, "author", anonymous), said(f, "comment", "No comment"))...)
	case "delete":
		words, err := object(f, "REMOVE_%s_ACKNOWLEDGEMENT")
		if err != nil {
			return "", err
		}
		return stamped(f, words...)
	}
	return "", errors.New("action is add or delete")
}

func downtime(f web.Form) (string, error) {
	switch f.Get("action", "add") {
	case "add":
		words, err := object(f, "SCHEDULE_%s_DOWNTIME")
		if err != nil {
			return "", err
		}
		return stamped(f, append(words, f.Get("start_time", now()), f.Get("end_time", now()), f.Get("fixed", "1"), f.Get("trigger_id", "0"),
			f.Get("duration", "86400"), said(f, "author", anonymous), said(f, "comment", "No comment"))...)
	case "delete":
		words, err := object(f, "DEL_ALL_%s_DOWNTIMES")
		if err != nil {
			return "", err
		}
		return stamped(f, words...)
	}
	return "", errors.New("action is add or delete")
}

func recheck(f web.Form) (string, error) {
	words, err := object(f, "SCHEDULE_FORCED_%s_CHECK")
	if err != nil {
		return "", err
	}
	return stamped(f, append(words, f.Get("time_stamp", now()))...)
}
