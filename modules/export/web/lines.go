package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

const (
	// mostText bounds a comment, in bytes.
	mostText = 4 << 10
	// farthest is how far ahead a downtime or acknowledgement may end.
	farthest = 5 * 366 * 24 * time.Hour
)

// doings are what people can ask for, and whether it takes a text.
func doings() map[string]bool {
	return map[string]bool{
		"acknowledge": true, "downtime": true, "comment": true,
		"unacknowledge": false, "cancel-downtime": false, "delete-comment": false, "check": false, "notifications": false, "checks": false,
	}
}

// check says what is wrong with an order whatever its objects are, and makes its text one line.
func (o *order) check(now time.Time) error {
	wants, known := doings()[o.Do]
	o.Text = oneLine(o.Text)
	switch {
	case !known:
		return failure(http.StatusBadRequest, "there is nothing to do that is called %q", o.Do)
	case wants && o.Text == "":
		return failure(http.StatusBadRequest, "write why: others read it at night")
	case len(o.Text) > mostText:
		return failure(http.StatusBadRequest, "the text has %d bytes, more than %d", len(o.Text), mostText)
	case o.ID != 0 && len(o.Objects) != 1:
		return failure(http.StatusBadRequest, "a number of a downtime or comment is that of one object")
	case o.Do == "downtime":
		return o.checkDowntime(now)
	case o.Do == "acknowledge" && o.Until != 0:
		return inTime("the acknowledgement's end", o.Until, now)
	}
	return nil
}

func (o *order) checkDowntime(now time.Time) error {
	if o.Start == 0 {
		o.Start = now.Unix()
	}
	switch {
	case o.End <= o.Start || o.Start < 0:
		return failure(http.StatusBadRequest, "the downtime ends before it begins")
	case !orTrue(o.Fixed) && (o.Duration <= 0 || o.Duration > o.End-o.Start):
		return failure(http.StatusBadRequest, "a flexible downtime lasts a while (duration) that is not longer than from its start to its end")
	}
	return inTime("the downtime's end", o.End, now)
}

// inTime says that a moment is over, or hardly meant so.
func inTime(what string, at int64, now time.Time) error {
	switch {
	case at <= now.Unix():
		return failure(http.StatusBadRequest, "%s is over already", what)
	case at > now.Add(farthest).Unix():
		return failure(http.StatusBadRequest, "%s is more than five years away", what)
	}
	return nil
}

// oneLine makes a text fit for an external command, which ends with its line: each stretch of white space is one blank, and other
// characters that steer terminals, or turn the order in which a text is read, are left out.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

// fits says why an order makes no sense for an object as it is shown at present.
func (o *order) fits(of monitor.Ref, shown *view.Snapshot) error {
	i, ok := shown.Find(of.Host)
	if !ok {
		return nil
	}
	host := shown.Host(i)
	switch o.Do {
	case "acknowledge":
		at := host.Object()
		if of.Service != "" {
			n, ok := host.Find(of.Service)
			if !ok {
				return nil
			}
			_, at = host.Service(n)
		}
		if at.Known() && at.State() == monitor.OK { // which is UP too
			return errors.New("it is no problem any more: there is nothing to acknowledge")
		}
	case "cancel-downtime":
		if o.ID != 0 && !slices.ContainsFunc(slices.Collect(host.Downtimes), func(d *monitor.Downtime) bool { return d.ID == o.ID && d.Ref == of }) {
			return errors.New("it has no such downtime any more")
		}
	case "delete-comment":
		if o.ID != 0 && !slices.ContainsFunc(slices.Collect(host.Comments), func(c *monitor.Comment) bool { return c.ID == o.ID && c.Ref == of }) {
			return errors.New("it has no such comment any more")
		}
	}
	return nil
}

// line gives the external command that does for an object what was ordered. It is read back: what does not say the same then is
// refused.
func (o *order) line(of monitor.Ref, author string, now time.Time) (string, error) {
	parted := errors.New("a name in it holds a semicolon, which parts the words of a command")
	if strings.Contains(of.Host+of.Service+author, ";") {
		return "", parted
	}
	name, args := o.words(of, author, now)
	whole := slices.Concat([]string{name}, args)
	if !strings.HasPrefix(name, "DEL_") || o.ID == 0 {
		whole = slices.Insert(whole, 1, of.Host)
		if of.Service != "" {
			whole = slices.Insert(whole, 2, of.Service)
		}
	}
	line := fmt.Sprintf("[%d] %s", now.Unix(), strings.Join(whole, ";"))
	r, err := command.Parse(line, monitor.At(now))
	switch {
	case err != nil:
		return "", err
	case r.Name != name || !slices.Equal(r.Args, args) || o.ID == 0 && r.Ref != of:
		return "", parted
	}
	return line, nil
}

// words gives the name of the command, and its arguments behind the object.
func (o *order) words(of monitor.Ref, author string, now time.Time) (name string, args []string) {
	kind := "SVC"
	if of.IsHost() {
		kind = "HOST"
	}
	switch o.Do {
	case "acknowledge":
		return o.acknowledgement(kind, author)
	case "unacknowledge":
		return "REMOVE_" + kind + "_ACKNOWLEDGEMENT", nil
	case "downtime":
		return o.downtime(kind, author)
	case "cancel-downtime":
		return o.removal(kind, "DOWNTIME")
	case "comment":
		return "ADD_" + kind + "_COMMENT", []string{bit(orTrue(o.Persistent)), author, o.Text}
	case "delete-comment":
		return o.removal(kind, "COMMENT")
	case "check":
		return "SCHEDULE_FORCED_" + kind + "_CHECK", []string{number(now.Unix())}
	case "notifications":
		return able(o.On) + kind + "_NOTIFICATIONS", nil
	}
	return able(o.On) + kind + "_CHECK", nil
}

func (o *order) acknowledgement(kind, author string) (name string, args []string) {
	sticky := "1"
	if orTrue(o.Sticky) {
		sticky = "2"
	}
	name, args = "ACKNOWLEDGE_"+kind+"_PROBLEM", []string{sticky, bit(o.Notify), bit(o.Persistent != nil && *o.Persistent)}
	if o.Until != 0 {
		name, args = name+"_EXPIRE", append(args, number(o.Until))
	}
	return name, append(args, author, o.Text)
}

// downtime with impacts has the hosts behind a host be in downtime too: at the same times, or if it is flexible as long as the host.
func (o *order) downtime(kind, author string) (name string, args []string) {
	fixed := orTrue(o.Fixed)
	length := o.Duration
	if fixed {
		length = o.End - o.Start
	}
	name = "SCHEDULE_" + kind + "_DOWNTIME"
	switch {
	case o.Impacts && kind == "HOST" && fixed:
		name = "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME"
	case o.Impacts && kind == "HOST":
		name = "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME"
	}
	return name, []string{number(o.Start), number(o.End), bit(fixed), "0", number(length), author, o.Text}
}

// removal is of one by its number, or of all.
func (o *order) removal(kind, what string) (name string, args []string) {
	if o.ID == 0 {
		return "DEL_ALL_" + kind + "_" + what + "S", nil
	}
	return "DEL_" + kind + "_" + what, []string{strconv.FormatUint(o.ID, 10)}
}

func orTrue(b *bool) bool { return b == nil || *b }

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func able(on bool) string {
	if on {
		return "ENABLE_"
	}
	return "DISABLE_"
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
