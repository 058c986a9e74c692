package service

import (
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// timesyncdKind is how far a clock is from NTP time, by `timedatectl timesync-status`.
func timesyncdKind() Kind {
	return Kind{
		Name:     "timesyncd",
		Sections: []string{"timesyncd", "timesyncd_ntpmessage"},
		Discover: func(in *Input) []Found {
			if t := timesyncOf(in); len(t.fields) == 0 && t.synced.IsZero() {
				return nil
			}
			return []Found{{Description: "Systemd Timesyncd Time"}}
		},
		Check: checkTimesyncd,
		Takes: map[string]string{
			"stratum": "WARN,CRIT for the stratum (9,10)",
			"jitter":  "WARN,CRIT for the jitter (200ms,500ms)",
			"sync":    "WARN,CRIT for the time since the last synchronisation (none)",
			"nosync":  "WARN,CRIT for how long there has been no synchronisation at all (5m,60m)",
			"message": "WARN,CRIT for the time since the last NTP message (1h,2h)",
		},
	}
}

// timesync is the two sections.
type timesync struct {
	fields  map[string]string
	synced  time.Time // when the clock was set last
	message time.Time // when the last message came
}

func timesyncOf(in *Input) timesync {
	t := timesync{fields: map[string]string{}}
	for _, columns := range in.first("timesyncd").Rows() {
		line := strings.Join(columns, " ")
		if inner, ok := strings.CutPrefix(line, "[[["); ok {
			t.synced, _ = moment(strings.TrimSuffix(inner, "]]]"))
			continue
		}
		if key, value, ok := strings.Cut(line, ":"); ok {
			t.fields[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	received, zone := "", "UTC"
	for _, columns := range in.first("timesyncd_ntpmessage").Rows() {
		line := strings.Join(columns, " ")
		if z, ok := strings.CutPrefix(line, "Timezone="); ok {
			zone = z
		}
		if _, after, ok := strings.Cut(line, "ReceiveTimestamp="); ok {
			received, _, _ = strings.Cut(after, ",")
		}
	}
	t.message = systemdTime(received, zone)
	return t
}

// systemdTime reads "Thu 2026-01-15 12:34:56 CET", the abbreviation being one of the zone's. It is zero for what it cannot read.
func systemdTime(text, zone string) time.Time {
	words := strings.Fields(text)
	if len(words) < 3 {
		return time.Time{}
	}
	where := time.UTC
	if len(words) > 3 && words[3] != "UTC" && words[3] != "GMT" {
		var err error
		if where, err = time.LoadLocation(zone); err != nil {
			return time.Time{}
		}
	}
	at, err := time.ParseInLocation(time.DateTime, words[1]+" "+words[2], where)
	if err != nil {
		return time.Time{}
	}
	return at
}

// timesyncSpan reads "-1.5ms" or "+2min 3s" in seconds, without the sign.
func timesyncSpan(text string) (float64, bool) {
	text = strings.TrimLeft(text, "+-")
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, false
	}
	return systemdSpan(text).Seconds(), true
}

func checkTimesyncd(in *Input, r *Report) {
	t := timesyncOf(in)
	offsets := in.Levels(r, Upper(0.2, 0.5))
	stratums, jitters, messages := in.Pair(r, "stratum", Upper(9, 10)), in.Pair(r, "jitter", Upper(0.2, 0.5)), in.Pair(r, "message", Upper(3600, 7200))
	offset, hasOffset := timesyncSpan(t.fields["offset"])
	if hasOffset {
		judgeOffset(r, offset, offsets)
	}
	judgeNoSync(in, r, "timesyncd.sync", !t.synced.IsZero(), in.Pair(r, "nosync", Upper(300, 3600)))
	if !t.synced.IsZero() {
		judgeSync(in, r, t.synced, in.Pair(r, "sync", None()))
	}
	if !t.message.IsZero() {
		passed := max(in.Now.Sub(t.message).Seconds(), 0)
		r.Watch("Time since last NTP message", passed, messages, showSpan)
		r.Metric(Measured("last_message_time", passed, "s").By(messages).Within(0, math.NaN()))
	}
	stratum, hasStratum := numeral(t.fields["stratum"])
	if hasStratum {
		r.Measure("Stratum", Measured("stratum", stratum, "").By(stratums), showCount)
	}
	jitter, hasJitter := timesyncSpan(t.fields["jitter"])
	if hasJitter {
		r.Measure("Jitter", Measured("jitter", jitter, "s").By(jitters), showSpan)
	}
	// A server that is known but not heard has none of these.
	server := t.fields["server"]
	if server == "" || server == "null" || !hasOffset && !hasStratum && !hasJitter {
		r.Say(monitor.Critical, "found no time server")
		return
	}
	r.OK("synchronised on " + strings.NewReplacer("(", "", ")", "").Replace(server))
}
