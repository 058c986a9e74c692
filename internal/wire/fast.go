package wire

import (
	"reflect"

	"github.com/onbu/onbu/monitor"
)

// The nouns that travel by the hundred thousand a second have functions of their own, in append.go and read.go; all others
// are walked by reflection. Both ways give and understand the same bytes, which a test holds them to.

// appendNoun writes v, a pointer to a noun or a value, and takes the quick way where there is one.
func appendNoun(dst []byte, v any) []byte {
	switch v := v.(type) {
	case *monitor.Job:
		return appendJob(dst, v)
	case *monitor.Result:
		return appendResult(dst, v)
	case *monitor.Submission:
		return appendSubmission(dst, v)
	case *monitor.Check:
		return appendCheck(dst, v)
	case *monitor.Brok:
		return appendBrok(dst, v)
	case *monitor.Status:
		return appendStatus(dst, v)
	case *Jobs:
		return appendJobs(dst, v)
	}
	return appendValue(dst, reflect.ValueOf(v))
}

// noun reads into v, a pointer, by the quick way where there is one.
func (d *Decoder) noun(b []byte, v any) ([]byte, error) {
	c := cursor{b: b, d: d}
	switch v := v.(type) {
	case *monitor.Job:
		c.job(v)
	case *monitor.Result:
		c.result(v)
	case *monitor.Submission:
		c.submission(v)
	case *monitor.Check:
		c.check(v)
	case *monitor.Brok:
		c.brok(v)
	case *monitor.Status:
		c.status(v)
	default:
		return d.value(b, reflect.ValueOf(v).Elem())
	}
	return c.b, c.err
}

// DecodeJobs reads a message of jobs into the memory that into has from an earlier one. It is Decode but for that.
func (d *Decoder) DecodeJobs(b []byte, into *Jobs) error {
	into.From, into.Jobs, into.Serial = "", into.Jobs[:0], 0
	b, err := d.open(b)
	if err != nil {
		return err
	}
	c := cursor{b: b, d: d}
	if c.jobs(into); c.err != nil {
		into.Jobs = into.Jobs[:0]
	}
	return c.err
}
