package digest

import "sync"

// A jobQueue hands the files of SumFiles to its workers, some at a time, and back.
// With a channel for each file most of them would put a goroutine to sleep and
// wake another one.
type jobQueue struct {
	workers int

	mu      sync.Mutex
	work    sync.Cond // there are jobs, or will be no more
	ready   sync.Cond // awaited has finished
	pending []*fileJob
	awaited *fileJob
	closed  bool
}

func newJobQueue(workers int) *jobQueue {
	q := &jobQueue{workers: workers}
	q.work.L, q.ready.L = &q.mu, &q.mu
	return q
}

func (q *jobQueue) put(jobs []*fileJob) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = append(q.pending, jobs...)
	q.work.Broadcast()
}

// take returns up to most jobs, fewer if the other workers would otherwise have
// nothing to do, and none if there are none. With wait that means that there will
// be no more.
func (q *jobQueue) take(most int, wait bool) []*fileJob {
	q.mu.Lock()
	defer q.mu.Unlock()
	for wait && len(q.pending) == 0 && !q.closed {
		q.work.Wait()
	}
	n := min(most, (len(q.pending)+q.workers-1)/q.workers)
	jobs := q.pending[:n:n]
	q.pending = q.pending[n:]
	return jobs
}

// finish hands a job back.
func (q *jobQueue) finish(j *fileJob) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.finished = true
	if q.awaited == j {
		q.ready.Signal()
	}
}

// await returns when j has finished.
func (q *jobQueue) await(j *fileJob) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.awaited = j
	for !j.finished {
		q.ready.Wait()
	}
}

// close drops the jobs that nobody has taken up and lets the workers go.
func (q *jobQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending, q.closed = nil, true
	q.work.Broadcast()
}
