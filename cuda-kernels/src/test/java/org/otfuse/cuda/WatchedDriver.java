package org.otfuse.cuda;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** Stands before another driver, keeps the names of all calls and can make one of them fail. */
final class WatchedDriver {
  private final Driver driver;
  private final List<String> calls = new ArrayList<>();
  private int failing = -1;
  private int error;
  private boolean forGood;
  private boolean lost;
  private boolean dry;

  WatchedDriver(Driver driver) {
    this.driver = driver;
  }

  /** The watched driver. */
  Driver driver() {
    return (Driver)
        Proxy.newProxyInstance(
            Driver.class.getClassLoader(), new Class<?>[] {Driver.class}, this::call);
  }

  /** Fails the call of that number, counted from 0; if for good, all calls after it too. */
  WatchedDriver failing(int call, int error, boolean forGood) {
    this.failing = call;
    this.error = error;
    this.forGood = forGood;
    return this;
  }

  /** Leaves out what the device would compute, for tests that are not about numbers. */
  WatchedDriver dry() {
    dry = true;
    return this;
  }

  /** The names of the calls that returned a status, in order. */
  List<String> calls() {
    return calls;
  }

  private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.getReturnType() != int.class) {
      return invoke(method, arguments);
    }
    boolean fails = calls.size() == failing || lost;
    calls.add(method.getName());
    if (!fails) {
      return dry && computes(method) ? Driver.OK : invoke(method, arguments);
    }
    lost = forGood;
    release(method, arguments);
    return error;
  }

  private static boolean computes(Method method) {
    boolean kernel = method.getDeclaringClass() == Kernels.class;
    return kernel && !method.getName().startsWith("prepare") || method.getName().equals("multiply");
  }

  /** A release that reports an error has released, and a capture that fails has ended. */
  private void release(Method method, Object[] arguments) throws Throwable {
    String name = method.getName();
    if (name.startsWith("free") || name.startsWith("destroy")) {
      invoke(method, arguments);
    } else if (name.equals("endCapture")) {
      invoke(method, arguments);
      long[] graph = (long[]) arguments[1];
      driver.destroyGraph(graph[0]);
      graph[0] = 0;
    }
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(driver, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
