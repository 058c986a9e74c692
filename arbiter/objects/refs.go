package objects

import (
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// checkRefs looks whether the names are there that directives hold which are only understood. The others are looked up
// where they are used.
func (l *loader) checkRefs(v *view) {
	for _, k := range v.class.order {
		r := v.class.row[k]
		if r.ref == noKind || r.effect == acted || k == keyRealm {
			continue
		}
		val := v.get(k)
		if !val.given() || val.s == "" {
			continue
		}
		l.checkRef(r, val, known.names[k])
	}
}

func (l *loader) checkRef(r *row, val value, directive string) {
	switch r.form {
	case call:
		l.callOf(val, directive)
	case calls:
		l.callsOf(val, directive)
	case names:
		l.pick(r.ref, val, directive)
	default:
		l.one(r.ref, val.s, val.pos, directive)
	}
}

// checkSettings is what Nagios checks of the values themselves (common/objects.c, base/config.c).
func (l *loader) checkSettings(v *view, s *Settings) {
	if s.NotificationOptions == monitor.OnRecovery {
		l.warnAt(v.get(keyNotificationOptions).pos, "notification_options r alone makes no sense: nobody was told of a problem; add %s",
			strings.TrimSuffix(lettersOf(v.kind, keyNotificationOptions), ",r,f,s,a,n"))
	}
	if s.FreshnessThreshold < 0 {
		l.errorAt(v.get(keyFreshnessThreshold).pos, "freshness_threshold is %q: it must not be below 0", v.str(keyFreshnessThreshold))
	}
	if v.kind != kService {
		l.doubtUnreachable(v, keyNotificationOptions, s.NotificationOptions)
		return
	}
	if s.RetryInterval <= 0 && !l.shinken {
		l.errorAt(v.get(keyRetryInterval).pos, "retry_interval is %q: it must be above 0 for a service", v.str(keyRetryInterval))
	}
	if s.NotificationInterval != 0 && s.NotificationInterval < s.CheckInterval {
		l.warnAt(l.either(v, keyNotificationInterval), "notification_interval %v is shorter than check_interval %v: notifications follow checks, so it has no effect; make it 0 or longer",
			short(s.NotificationInterval), short(s.CheckInterval))
	}
}

// doubtUnreachable warns where u stands without d among the options for hosts: as a host that is out of reach because of
// another is not told of, nobody would hear anything.
func (l *loader) doubtUnreachable(v *view, k key, set monitor.Option) {
	if set&(monitor.OnDown|monitor.OnUnreachable) == monitor.OnUnreachable && !l.config.Options.TellImpacts {
		l.warnAt(v.get(k).pos, "%s has u and not d: of hosts that are out of reach because of another only that one is told, so nothing is left; add d, or set notify_impacts=1 in the main file",
			known.names[k])
	}
}

// either gives where a directive is set, or where the object begins.
func (l *loader) either(v *view, k key) Pos {
	if val := v.get(k); val.set {
		return val.pos
	}
	return v.pos()
}

// short writes a duration without units that are 0: 5m rather than 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
