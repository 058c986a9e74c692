package agent

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/onbu/onbu/monitor"
)

func TestWhatIsDroppedTakesNoRoomFromOthers(t *testing.T) {
	of := &budget{most: 64 << 20}
	lines := bytes.Repeat([]byte("all work and no play\n"), 1<<20/21)
	var hostile [3]*intake
	for i := range hostile {
		in := newIntake(16<<20, of)
		hostile[i] = in
		_, _ = io.WriteString(in, "<<<<vm>>>>\n<<<a>>>\n")
		for range 60 { // and it hangs: nothing of it is given back
			if _, err := in.Write(lines); err != nil {
				t.Fatal(err)
			}
		}
	}
	if held := of.held.Load(); held > 3*8<<20 {
		t.Errorf("%d bytes are held for three blocks of 4 MiB", held)
	}
	big := newIntake(16<<20, of)
	for i := range 8 {
		_, _ = io.WriteString(big, "<<<<vm"+string(rune('0'+i))+">>>>\n<<<a>>>\n")
		for range 3 {
			if _, err := big.Write(lines); err != nil {
				t.Fatalf("an output within its bounds has no room: %v", err)
			}
		}
	}
	var err error
	for range 10 {
		if _, err = hostile[0].Write(lines); err != nil {
			break
		}
	}
	if f, ok := errors.AsType[*failure](err); !ok || f.state != monitor.Unknown {
		t.Errorf("after 70 MiB for one name the fetch goes on: %v", err)
	}
	for _, in := range append(hostile[:], big) {
		in.share.end()
	}
	if held := of.held.Load(); held != 0 {
		t.Errorf("%d bytes are held by nobody", held)
	}
}

func TestFetchesTogetherHoldABoundedAmount(t *testing.T) {
	of := &budget{most: 20 << 20}
	lines := bytes.Repeat([]byte("all work and no play\n"), 1<<20/21)
	var err error
	for range 3 {
		in := newIntake(16<<20, of)
		_, err = io.WriteString(in, "<<<a>>>\n")
		for n := 0; n < 12 && err == nil; n++ {
			_, err = in.Write(lines)
		}
	}
	if f, ok := errors.AsType[*failure](err); !ok || f.state != monitor.Unknown {
		t.Errorf("36 MiB are held where 20 may be: %v", err)
	}
}
