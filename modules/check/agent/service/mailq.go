package service

import (
	"math"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// mailqKind is the queues of Postfix.
func mailqKind() Kind {
	return Kind{
		Name:     "postfix_mailq",
		Sections: []string{"postfix_mailq"},
		Discover: func(in *Input) []Found {
			var found []Found
			for _, q := range queuesOf(in.first("postfix_mailq")) {
				found = append(found, Found{Item: q.instance, Description: strings.TrimSpace("Postfix Queue " + q.instance)})
			}
			return found
		},
		Check: checkMailq,
		Takes: map[string]string{"active": "WARN,CRIT for the mails that are being delivered (200,300)"},
	}
}

// queues are those of one instance of Postfix.
type queues struct {
	instance string
	counts   map[string]float64 // by queue: mails
	sizes    map[string]float64 // bytes
}

// queuesOf reads [[[INSTANCE]]] and QUEUE_NAME KIB COUNT behind it: the sizes are those of du. The default instance has no name.
// Where mailq is asked it says "Mail queue is empty" or "-- 3 Kbytes in 2 Requests."
func queuesOf(s *section.Section) []*queues {
	var all named[queues]
	instance := ""
	for _, columns := range s.Rows() {
		if inner, ok := strings.CutPrefix(columns[0], "[[["); ok {
			instance = strings.TrimSuffix(inner, "]]]")
			continue
		}
		name, size, count, ok := queueLine(columns)
		if !ok {
			continue
		}
		q, fresh := all.get(instance)
		if fresh {
			q.instance, q.counts, q.sizes = instance, map[string]float64{}, map[string]float64{}
		}
		q.counts[name], q.sizes[name] = count, size*1024
	}
	return all.all
}

func queueLine(columns []string) (name string, size, count float64, ok bool) {
	line := strings.Join(columns, " ")
	switch {
	case strings.HasPrefix(line, "QUEUE_") && len(columns) == 3:
		name = strings.TrimPrefix(columns[0], "QUEUE_")
	case line == "Mail queue is empty":
		return "deferred", 0, 0, true
	case columns[0] == "--" && len(columns) >= 5 && columns[3] == "in":
		name, columns = "deferred", []string{"", columns[1], columns[4]}
	default:
		return "", 0, 0, false
	}
	size, ok1 := numeral(columns[1])
	count, ok2 := numeral(columns[2])
	return name, size, count, ok1 && ok2
}

func checkMailq(in *Input, r *Report) {
	q, ok := pick(in, r, "mail queue", queuesOf(in.first("postfix_mailq")), func(q *queues) string { return q.instance })
	if !ok {
		return
	}
	for _, of := range []struct {
		name   string
		levels Levels
	}{{"deferred", in.Levels(r, Upper(10, 20))}, {"active", in.Pair(r, "active", Upper(200, 300))}} {
		if count, ok := q.counts[of.name]; ok {
			r.Measure(of.name, Measured("mail_queue_"+of.name+"_length", count, "").By(of.levels).Within(0, math.NaN()), showCount)
			r.Metric(Measured("mail_queue_"+of.name+"_size", q.sizes[of.name], "B").Within(0, math.NaN()))
		}
	}
}
