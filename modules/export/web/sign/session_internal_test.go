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

func TestWhatCannotBeReadKeepsWhatWasThereBefore(t *testing.T) {
	dir := t.TempDir()
	told := 0
	f := &file[key]{path: dir, read: readKey, told: func(error) { told++ }, now: key("before")} // a folder cannot be read
	if string(f.get()) != "before" || told != 1 {
		t.Errorf("got %q, told %d times", f.get(), told)
	}
}
