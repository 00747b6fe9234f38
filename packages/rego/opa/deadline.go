package main

import (
	"runtime"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// deadline cancels an evaluation by the clock. A timer would never fire: Wasm has one thread, and a busy
// evaluation does not hand it over.
type deadline struct {
	until time.Time
	asked int
	over  bool
}

const askEvery = 256

func (d *deadline) Cancel() { d.over = true }

func (d *deadline) Cancelled() bool {
	d.asked++
	if d.asked%askEvery == 0 && time.Now().After(d.until) {
		d.over = true
	}
	return d.over
}

// yielder hands the only thread over now and then, so that the test runner's own timer can fire.
type yielder struct {
	next  topdown.QueryTracer // nil when coverage is off
	count int
}

func (y *yielder) Enabled() bool { return true }

func (y *yielder) Config() topdown.TraceConfig {
	return topdown.TraceConfig{PlugLocalVars: false}
}

func (y *yielder) TraceEvent(event topdown.Event) {
	y.count++
	if y.count%askEvery == 0 {
		runtime.Gosched()
	}
	if y.next != nil {
		y.next.TraceEvent(event)
	}
}
