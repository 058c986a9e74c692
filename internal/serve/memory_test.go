package serve_test

import (
	"testing"

	"github.com/onbu/onbu/internal/serve"
)

func TestLargeMessagesShareTheMemoryAndSmallOnesGetThrough(t *testing.T) {
	m := serve.NewMemory(1 << 20)
	large, second, small := m.Loan(), m.Loan(), m.Loan()
	if !large.Take(1 << 20) {
		t.Error("a message that fits is refused")
	}
	if second.Take(1 << 20) {
		t.Error("two messages have more than there is")
	}
	if !small.Take(serve.Free) {
		t.Error("a small message is refused")
	}
	large.Return()
	second.Return()
	small.Return()
	again := m.Loan()
	if !again.Take(1 << 20) {
		t.Error("what was returned is not there")
	}
}
