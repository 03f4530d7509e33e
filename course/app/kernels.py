"""One lesson in a fresh kernel: its cells one by one, what they print, what they take."""

import asyncio
import subprocess
import tempfile
import time

import psutil
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from course import environment
from course.app import schedule


async def execute(lesson, shown, threads):
    """Run a lesson to its end or to its first error; being cancelled ends its kernel.

    Args:
        lesson: a `Lesson`; how it went is noted in it.
        shown: what is told how it goes, as `board.open_on` returns it.
        threads: how many its kernel may use.
    """
    lesson.status = "running"
    lesson.began = time.perf_counter()
    shown.started(lesson)
    try:
        # What the kernel's process itself says would tear the board apart; it is asked for
        # if that dies.
        with tempfile.TemporaryFile() as said:
            await _run_cells(lesson, shown, said, threads)
        lesson.status = "passed"
    except _Failure as failure:
        lesson.status, lesson.problem = "failed", failure.args
    except asyncio.CancelledError:
        lesson.status = "stopped"
        raise
    finally:
        lesson.seconds = time.perf_counter() - lesson.began
        shown.ended(lesson)


class _Failure(Exception):
    """A lesson failed: the cell's source, and the error as text, maybe in ANSI colours."""


async def _run_cells(lesson, shown, said, threads):
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython())
    client = _Client(
        lesson.notebook,
        km=manager,
        timeout=None,
        extra_arguments=["--log-level=ERROR"],  # warnings are about networks, not lessons
        startup_timeout=180,
        iopub_timeout=120,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(lesson.path.parent)}},
    )

    def heard(line):
        lesson.line = line
        shown.progress(lesson)

    client.heard = heard
    source, watch = "", None
    try:
        await client.async_start_new_kernel(
            env=environment() | schedule.pools(threads),
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        watch = asyncio.create_task(_watch(lesson, manager.provisioner.pid))
        await client.async_start_new_kernel_client()
        for position, cell in enumerate(lesson.notebook.cells):
            if cell.cell_type == "code":
                lesson.cell += 1
                source = cell.source
                began = time.perf_counter()
                await client.async_execute_cell(cell, position)
                lesson.cell_seconds.append(time.perf_counter() - began)
    except CellExecutionError:
        raise _Failure(source, _traceback(cell)) from None
    except (DeadKernelError, RuntimeError) as error:
        # nbclient takes being cancelled, by Ctrl-C, for a dead kernel.
        if asyncio.current_task().cancelling():
            raise asyncio.CancelledError from None
        said.seek(0)
        last = said.read().decode(errors="replace")[-2000:]
        advice = "Often memory has run out: close other programs."
        raise _Failure(
            source, f"The kernel died ({error}). {advice}\n{last}".strip()
        ) from None
    finally:
        if watch:
            watch.cancel()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        if client.kc:
            client.kc.stop_channels()


class _ThisPython(KernelSpecManager):
    """Knows one kernel, the Python that runs this, whatever else a user has installed."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(**get_kernel_dict())


class _Client(NotebookClient):
    """Runs cells, and hears what they print while they do."""

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        text = content.get("text") or content.get("data", {}).get("text/plain", "")
        lines = text.replace("\r", "\n").strip().splitlines()
        if lines and msg["msg_type"] != "error":
            self.heard(lines[-1].strip())
        return super().process_message(msg, cell, cell_index)


async def _watch(lesson, pid):
    """Note what a kernel and its workers hold and compute, as long as they live."""
    while True:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            lesson.peak = max(lesson.peak, sum(one.memory_info().rss for one in family))
            # A worker that has ended is counted with the process that waited for it.
            times = [*process.cpu_times()[:4]] + [
                t for one in family[1:] for t in one.cpu_times()[:2]
            ]
            lesson.cpu_seconds = max(lesson.cpu_seconds, sum(times))
        except psutil.Error:  # a process that has ended holds nothing
            pass
        await asyncio.sleep(0.2)


def _traceback(cell):
    for output in cell.outputs:
        if output.output_type == "error":
            return "\n".join(output.traceback)
    return "The cell failed without saying why."
