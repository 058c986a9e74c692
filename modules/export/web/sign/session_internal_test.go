package sign

import (
	"testing"
	"time"
)

func FuzzOpen(f *testing.F) {
	k := key("0123456789abcdef0123456789abcdef")
	user := &User{Name: "ada", Role: Command, Hash: NoPassword}
	good := k.begin(user, time.Unix(1_800_000_000, 0))
	f.Add(k.seal(&good))
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, value string) {
		s, ok := k.open(value)
		if ok && k.seal(s) != value {
			t.Errorf("%q is taken, and is not what is given", value)
		}
		if _, ok := key("another key that has its length ").open(value); ok {
			t.Errorf("%q is taken by another key", value)
		}
	})
}

func TestEndedSessionsAreBoundedAndStayEnded(t *testing.T) {
	e := &ended{told: func(err error) { t.Error(err) }}
	now := time.Unix(1_800_000_000, 0)
	id := func(i int) [12]byte { return [12]byte{byte(i >> 16), byte(i >> 8), byte(i)} }
	for i := range mostEnded + 500 {
		e.add(id(i), now.Unix()+int64(i)+1, now)
	}
	if len(e.until) > mostEnded {
		t.Errorf("%d are remembered", len(e.until))
	}
	for _, i := range []int{0, 499, 500, mostEnded + 499} {
		if !e.has(id(i), now.Unix()+int64(i)+1) {
			t.Errorf("session %d lives again", i)
		}
	}
	if e.has(id(99999), now.Unix()+mostEnded+1000) {
		t.Error("a session that nobody ended is over")
	}
}

func TestWhatCannotBeReadKeepsWhatWasThereBefore(t *testing.T) {
	dir := t.TempDir()
	told := 0
	f := &file[key]{path: dir, read: readKey, told: func(error) { told++ }, now: key("before")} // a folder cannot be read
	if string(f.get()) != "before" || told != 1 {
		t.Errorf("got %q, told %d times", f.get(), told)
	}
}
