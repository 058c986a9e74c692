package wire

import (
	"encoding/binary"
	"reflect"

	"github.com/tinylib/msgp/msgp"

	"github.com/onbu/onbu/monitor"
)

// How many fields the nouns have that are written here.
const (
	refFields     = 2
	outcomeFields = 5
	jobFields     = 15
	resultFields  = 9
	checkFields   = 20
	submitFields  = 6
	brokFields    = 17
	statusFields  = 53
	jobsFields    = 3
)

// The first bytes of MessagePack's values, as far as they are written or read here without msgp.
const (
	fixMax    = 0x7f // a number up to here is its own byte
	fixString = 0xa0 // and the length, up to 31
	fixArray  = 0x90 // and the count, up to 15
	null      = 0xc0
	no, yes   = 0xc2, 0xc3
	int64Code = 0xd3
)

func appendUint(dst []byte, v uint64) []byte {
	if v <= fixMax {
		return append(dst, byte(v))
	}
	return msgp.AppendUint64(dst, v)
}

func appendInt(dst []byte, v int64) []byte {
	if uint64(v) <= fixMax {
		return append(dst, byte(v))
	}
	if v == int64(int32(v)) {
		return msgp.AppendInt64(dst, v)
	}
	return binary.BigEndian.AppendUint64(append(dst, int64Code), uint64(v))
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, yes)
	}
	return append(dst, no)
}

func appendText(dst []byte, s string) []byte {
	if len(s) < 32 {
		return append(append(dst, fixString|byte(len(s))), s...)
	}
	return msgp.AppendString(dst, s)
}

func appendTexts(dst []byte, all []string) []byte {
	dst = msgp.AppendArrayHeader(dst, uint32(len(all)))
	for _, s := range all {
		dst = appendText(dst, s)
	}
	return dst
}

// appendSome writes what is seldom there; v is a pointer.
func appendSome[T any](dst []byte, v *T) []byte {
	if v == nil {
		return append(dst, null)
	}
	return appendValue(dst, reflect.ValueOf(v).Elem())
}

func appendRef(dst []byte, r *monitor.Ref) []byte {
	dst = append(dst, fixArray|refFields)
	return appendText(appendText(dst, r.Host), r.Service)
}

func appendJob(dst []byte, j *monitor.Job) []byte {
	dst = append(dst, fixArray|jobFields)
	dst = appendUint(dst, uint64(j.Shard))
	dst = appendUint(dst, uint64(j.Epoch))
	dst = appendUint(dst, uint64(j.Object))
	dst = appendUint(dst, uint64(j.Seq))
	dst = appendText(dst, j.Host)
	dst = appendText(dst, j.Service)
	dst = appendText(dst, j.Pool)
	dst = msgp.AppendBytes(dst, j.Line)
	dst = appendInt(dst, int64(j.Timeout))
	dst = appendInt(dst, int64(j.Due))
	dst = appendText(dst, j.Avoid)
	dst = appendText(appendTexts(dst, j.Env), j.Trace)
	return appendUint(appendUint(dst, j.Payload), uint64(j.Reasons))
}

func appendJobs(dst []byte, b *Jobs) []byte {
	dst = append(dst, fixArray|jobsFields)
	dst = appendText(dst, b.From)
	dst = msgp.AppendArrayHeader(dst, uint32(len(b.Jobs)))
	for i := range b.Jobs {
		dst = appendJob(dst, &b.Jobs[i])
	}
	return appendUint(dst, b.Serial)
}

func appendOutcome(dst []byte, o *monitor.Outcome) []byte {
	dst = append(dst, fixArray|outcomeFields)
	dst = appendUint(dst, uint64(o.State))
	dst = appendText(dst, o.Output)
	dst = appendText(dst, o.LongOutput)
	dst = appendText(dst, o.Perfdata)
	return appendBool(dst, o.TimedOut)
}

func appendResult(dst []byte, r *monitor.Result) []byte {
	dst = append(dst, fixArray|resultFields)
	dst = appendUint(dst, uint64(r.Shard))
	dst = appendUint(dst, uint64(r.Epoch))
	dst = appendUint(dst, uint64(r.Object))
	dst = appendUint(dst, uint64(r.Seq))
	dst = appendText(dst, r.Poller)
	dst = appendText(dst, r.Module)
	dst = appendInt(dst, int64(r.Started))
	dst = appendInt(dst, int64(r.Finished))
	return appendOutcome(dst, &r.Outcome)
}

func appendSubmission(dst []byte, s *monitor.Submission) []byte {
	dst = append(dst, fixArray|submitFields)
	dst = appendRef(dst, &s.Ref)
	dst = appendInt(dst, int64(s.Time))
	dst = appendText(dst, s.Source)
	dst = appendText(appendOutcome(dst, &s.Outcome), s.ID)
	return appendBool(dst, s.Keep)
}

func appendCheck(dst []byte, c *monitor.Check) []byte {
	dst = msgp.AppendArrayHeader(dst, checkFields)
	dst = appendRef(dst, &c.Ref)
	dst = appendUint(dst, uint64(c.Shard))
	dst = appendUint(dst, uint64(c.Object))
	dst = appendInt(dst, int64(c.Time))
	dst = appendUint(dst, uint64(c.State))
	dst = appendUint(dst, uint64(c.OwnState))
	dst = appendUint(dst, uint64(c.Type))
	dst = appendUint(dst, uint64(c.Attempt))
	dst = appendUint(dst, uint64(c.CheckType))
	dst = appendInt(dst, int64(c.Started))
	dst = appendInt(dst, int64(c.Next))
	dst = appendInt(dst, int64(c.Latency))
	dst = appendInt(dst, int64(c.Execution))
	dst = msgp.AppendFloat32(dst, c.PercentChange)
	dst = appendText(dst, c.Module)
	dst = appendText(dst, c.Poller)
	dst = appendText(dst, c.Output)
	dst = appendText(dst, c.LongOutput)
	dst = appendText(dst, c.Perfdata)
	return appendBool(dst, c.NoPerfdata)
}

func appendBrok(dst []byte, b *monitor.Brok) []byte {
	dst = msgp.AppendArrayHeader(dst, brokFields)
	dst = appendUint(dst, uint64(b.Kind))
	dst = appendInt(dst, int64(b.Time))
	dst = appendUint(dst, uint64(b.Shard))
	if b.Status == nil {
		dst = append(dst, null)
	} else {
		dst = appendStatus(dst, b.Status)
	}
	dst = appendSome(dst, b.Action)
	dst = appendSome(dst, b.Downtime)
	dst = appendSome(dst, b.Comment)
	dst = appendSome(dst, b.Program)
	dst = appendSome(dst, b.Contact)
	dst = appendText(dst, b.NotificationType)
	dst = appendText(dst, b.Text)
	dst = appendSome(dst, &b.Told)
	dst = appendUint(dst, uint64(b.Type))
	dst = appendUint(dst, uint64(b.Attempt))
	if b.Check == nil {
		dst = append(dst, null)
	} else {
		dst = appendCheck(dst, b.Check)
	}
	dst = appendText(dst, b.By)
	return appendText(dst, b.Answer)
}

func appendStatus(dst []byte, s *monitor.Status) []byte {
	dst = msgp.AppendArrayHeader(dst, statusFields)
	dst = appendRef(dst, &s.Ref)
	for _, v := range [...]uint64{
		uint64(s.State), uint64(s.LastState), uint64(s.LastHardState), uint64(s.Type), uint64(s.Attempt), uint64(s.MaxAttempts),
		uint64(s.CheckType), uint64(s.Ack), uint64(s.Switches), uint64(s.Modified),
	} {
		dst = appendUint(dst, v)
	}
	dst = appendBool(dst, s.Flapping)
	dst = appendUint(dst, uint64(s.DowntimeDepth))
	dst = appendBool(dst, s.HostProblem)
	for _, t := range [...]monitor.Time{
		s.LastCheck, s.NextCheck, s.LastChange, s.LastHardChange, s.LastUpdate, s.LastTimeOK, s.LastTimeWarning,
		s.LastTimeCritical, s.LastTimeUnknown, s.LastNotification, s.NextNotification,
	} {
		dst = appendInt(dst, int64(t))
	}
	dst = appendUint(dst, uint64(s.NotificationNumber))
	dst = appendInt(dst, int64(s.Latency))
	dst = appendInt(dst, int64(s.Execution))
	dst = msgp.AppendFloat32(dst, s.PercentChange)
	for _, v := range [...]uint64{s.ProblemID, s.LastProblemID, s.EventID, s.LastEvID, uint64(s.NotifiedOn)} {
		dst = appendUint(dst, v)
	}
	for _, t := range [...]string{s.Module, s.Poller, s.Output, s.LongOutput, s.Perfdata} {
		dst = appendText(dst, t)
	}
	dst = appendBool(dst, s.Pinned)
	dst = appendUint(dst, s.History)
	dst = appendInt(dst, int64(s.AckUntil))
	dst = appendUint(dst, uint64(s.OwnState))
	dst = appendBool(dst, s.Overlaid)
	dst = appendBool(dst, s.Problem)
	dst = appendBool(dst, s.Impact)
	dst = appendSome(dst, &s.Sources)
	dst = appendInt(dst, int64(s.BusinessImpact))
	dst = appendSome(dst, s.Changed)
	dst = appendSome(dst, s.Held)
	dst = appendUint(dst, uint64(s.BeforeUnknown))
	dst = appendInt(dst, int64(s.LastSnapshot))
	return appendInt(dst, int64(s.ShownSince))
}
